import { readConfig, type Config, type ConfigOptions } from '../../app/config.ts'
import { openBackends, type Backends } from '../../app/open-backends.ts'
import { createUploads, uploadStatements } from '../../uploads/index.ts'
import type { Uploads } from '../../uploads/uploads.ts'

/** What a service that has stopped left behind, with nothing bad in between. */
export interface OpenedData extends Backends, AsyncDisposable {
  readonly config: Config
  readonly uploads: Uploads
}

export async function openData(options: ConfigOptions): Promise<OpenedData> {
  const config = readConfig(options, {})
  const backends = await openBackends(config, uploadStatements, undefined)
  const { database, storage } = backends
  return {
    ...backends,
    config,
    uploads: createUploads({ database, storage, config }),
    [Symbol.asyncDispose]: () => database.close(),
  }
}
