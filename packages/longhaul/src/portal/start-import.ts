import type { ImportRequest, PortalUploadStarted } from '@longhaul/protocol'
import type { Services } from '../app/services.ts'
import type { Write } from '../database/database.ts'
import { LonghaulError } from '../errors/index.ts'
import type { JsonObject } from '../support/json.ts'
import { invalidRequest } from '../validation/index.ts'
import type { Caller } from './large-uploads.ts'
import { portalId } from './portal-id.ts'
import { durationOfImport, requiredKeys } from './sources.ts'
import { submitUpload } from './submit-upload.ts'

interface StartsImports {
  start(request: {
    readonly jobId: string
    readonly owner: string
    readonly sourceType: string
    readonly sourceConfig: JsonObject
    readonly also: readonly Write[]
  }): Promise<unknown>
}

/** Checks what an import must say, and starts it: dataset and job come about together. */
export async function startImport(
  services: Services,
  { body, owner, scope }: Caller & { readonly body: ImportRequest },
  prefix: 'upload' | 'cloud_large',
): Promise<PortalUploadStarted> {
  const { source_type: sourceType, source_config: source, ...fields } = body
  const supported = prefix === 'upload' ? ['google_drive', 's3', 'url'] : ['google_drive', 's3']
  if (!supported.includes(sourceType))
    throw new LonghaulError(
      'unsupported-source',
      `Unsupported source type: ${sourceType}. Here are ${supported.join(', ')}.`,
      { facts: { supported_source_types: supported } },
    )
  const missing = requiredKeys[sourceType].filter((key) => !source[key])
  if (missing.length > 0)
    throw invalidRequest(
      missing.map((key) => ({
        type: 'missing',
        loc: ['body', 'source_config', key],
        msg: `Field required for ${sourceType}`,
      })),
    )
  const { imports } = services as { imports?: StartsImports }
  if (imports === undefined)
    throw new LonghaulError('unavailable', 'This service has no imports.')
  const id = portalId(prefix)
  const uuid = await submitUpload(
    services,
    {
      ...{ id, owner, scope, fields, sourceType, isBegun: false },
      sourcePath: null,
      totalBytes: null,
    },
    (also) => imports.start({ jobId: id, owner, sourceType, sourceConfig: source, also }),
  )
  return {
    job_id: id,
    status: 'queued',
    message: 'The import waits for its turn',
    estimated_duration: durationOfImport(sourceType),
    upload_type: 'standard',
    dataset_uuid: uuid,
  }
}
