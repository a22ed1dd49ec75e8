import {
  importRequest,
  type ImportRequest,
  type PortalUploadStarted,
  type ValidationDetail,
} from '@longhaul/protocol'
import type { Services } from '../app/services.ts'
import { isLonghaulError, LonghaulError } from '../errors/index.ts'
import { invalidRequest, parseRequest } from '../validation/index.ts'
import type { Caller } from './large-uploads.ts'
import { portalId } from './portal-id.ts'
import { durationOfImport } from './sources.ts'
import { submitUpload } from './submit-upload.ts'

/** A 422 quotes what it refuses; of a source's configuration, which may hold secrets, it quotes nothing. */
function parseImport(body: unknown): ImportRequest {
  try {
    return parseRequest(importRequest, body, 'body')
  } catch (error) {
    if (!isLonghaulError(error, 'invalid-request')) throw error
    const details = error.facts['details'] as readonly ValidationDetail[]
    throw invalidRequest(
      details.map((detail) => {
        const { input: _input, ...rest } = detail
        return detail.loc[1] === 'source_config' ? rest : detail
      }),
    )
  }
}

const largeSources = ['google_drive', 's3']

/** Checks what an import must say, and starts it: dataset and job come about together. */
export async function startImport(
  services: Services,
  { body, owner, scope }: Caller & { readonly body: unknown },
  prefix: 'upload' | 'cloud_large',
): Promise<PortalUploadStarted> {
  const { source_type: sourceType, source_config: source, ...fields } = parseImport(body)
  if (prefix === 'cloud_large' && !largeSources.includes(sourceType))
    throw new LonghaulError(
      'source-unsupported',
      `Unsupported source type: ${sourceType}. Large imports come from ${largeSources.join(' or ')}.`,
    )
  const id = portalId(prefix)
  const uuid = await submitUpload(
    services,
    {
      ...{ id, owner, scope, fields, sourceType, isBegun: false },
      sourcePath: null,
      totalBytes: null,
    },
    (also) => services.imports.start({ jobId: id, owner, sourceType, sourceConfig: source, also }),
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
