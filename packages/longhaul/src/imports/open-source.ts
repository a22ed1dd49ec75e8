import type { Config } from '../app/config.ts'
import type { Outbound } from '../outbound/index.ts'
import { driveSource } from './drive/index.ts'
import { localSource } from './local-source.ts'
import type { Source } from './source.ts'
import type { SourceConfig } from './source-config.ts'
import type { Tuning } from './tuning.ts'
import { urlSource } from './url-source.ts'

export type SourceSettings = Pick<
  Config,
  'inputRoots' | 'googleDrive' | 's3' | 'bucket' | 'maxUploadBytes'
>

export async function openSource(
  source: SourceConfig,
  parts: {
    readonly outbound: Outbound
    readonly config: SourceSettings
    readonly tuning: Tuning
  },
): Promise<Source> {
  const { outbound, config, tuning } = parts
  const { silenceMs } = tuning
  const reading = { outbound, silenceMs, maxBytes: config.maxUploadBytes }
  switch (source.type) {
    case 'url':
      return urlSource(source, reading)
    case 'local':
      return localSource(source, config)
    case 'google_drive':
      return driveSource(source, { ...reading, tuning, rootUrl: config.googleDrive.rootUrl })
    case 's3': {
      const { s3Source } = await import('./s3/index.ts')
      const own = config.s3 === undefined ? undefined : { ...config.s3, bucket: config.bucket }
      return s3Source(source, { ...reading, own })
    }
  }
}
