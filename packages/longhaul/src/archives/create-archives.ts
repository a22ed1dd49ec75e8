import { createHash } from 'node:crypto'
import type { Config } from '../app/config.ts'
import { LonghaulError } from '../errors/index.ts'
import type { JobEngine } from '../jobs/engine.ts'
import type { JsonObject } from '../support/json.ts'
import { newId } from '../support/ids.ts'
import { keyOfUri, type Storage } from '../storage/index.ts'
import type { Uploads } from '../uploads/uploads.ts'
import { formatOf } from './archive-format.ts'
import { extractionQueue, type Archives } from './archives.ts'
import type { ExtractionInput } from './extract-archive.ts'
import { tidyExtractions } from './unfinished.ts'

const longestPrefixBytes = 512

interface ArchiveParts {
  readonly engine: Pick<JobEngine, 'submit' | 'get'>
  readonly storage: Storage
  readonly uploads: Pick<Uploads, 'fileOf'>
  readonly config: Pick<Config, 'datasetsPrefix'>
}

export function createArchives(parts: ArchiveParts): Archives {
  const { engine, storage, uploads, config } = parts
  return {
    tidy: () => tidyExtractions(parts),
    async start({ owner, upload, jobId = newId('j'), also, idempotencyKey, tags, into }) {
      const { uri, name } = await uploads.fileOf(upload.id, upload.of)
      const key = keyOfUri(uri, storage.bucket)
      const format = await formatOf(storage, key)
      const prefix = into ?? `${config.datasetsPrefix}/${jobId}`
      if (Buffer.byteLength(prefix) > longestPrefixBytes || prefix.endsWith('/'))
        throw new Error('Archives are extracted into a short prefix without a slash at its end')
      const input: ExtractionInput = { key, name, format, prefix }
      const hash = createHash('sha256')
        .update(JSON.stringify([key, into]))
        .digest('hex')
      const [outcome] = await engine.submit(
        [
          {
            ...{ id: jobId, owner, queue: extractionQueue, processor: extractionQueue },
            version: '1',
            kind: 'upload',
            params: { input: input as unknown as JsonObject, ...(tags && { tags }) },
            maxFailures: 3,
            ...(idempotencyKey !== undefined && { idempotency: { key: idempotencyKey, hash } }),
          },
        ],
        also,
      )
      if (outcome === undefined) throw new Error('The engine answered nothing for one job')
      if (outcome.kind !== 'conflict')
        return { jobId: outcome.job.id, created: outcome.kind === 'created' }
      throw new LonghaulError(
        outcome.over === 'id' ? 'job-exists' : 'idempotency-conflict',
        outcome.over === 'id'
          ? `Job ${outcome.jobId} exists already.`
          : `The idempotency key belongs to job ${outcome.jobId}, which is about something else.`,
        { facts: { job_id: outcome.jobId } },
      )
    },
  }
}
