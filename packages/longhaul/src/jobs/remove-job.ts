import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { Services } from '../app/services.ts'
import type { JobId } from './job.ts'

/** More than this is left to the next collection: a request must end. */
const maxPages = 20
const pageSize = 500

/**
 * Deletes finished jobs and what only they have: outputs, logs, checkpoints, files that came with the submission. Rows go
 * first, so that nobody sees a job without its outputs; what a crash, or the bound, leaves behind belongs to no job any more
 * and is garbage. Throws 'job-not-finished'.
 */
export async function removeJobs(
  { config, engine, storage }: Pick<Services, 'config' | 'engine' | 'storage'>,
  ids: readonly JobId[],
): Promise<void> {
  await engine.remove(ids)
  for (const id of ids) {
    for (const prefix of jobPrefixes(config, id)) {
      for (let page = 0; page < maxPages; page++) {
        const { objects } = await storage.list(prefix, { limit: pageSize })
        if (objects.length === 0) break
        await storage.delete(objects.map(({ key }) => key))
      }
      for await (const upload of storage.listUploads(prefix)) await storage.abort(upload)
    }
    await rm(path.join(config.dataDir, 'logs', id), { recursive: true, force: true })
  }
}

/** Where a job's own objects lie in the store. */
export const jobPrefixes = (
  config: Pick<Services['config'], 'resultsPrefix' | 'datasetsPrefix'>,
  id: JobId,
): readonly string[] => [
  `${config.resultsPrefix}/${id}/`,
  `jobs/${id}/`,
  `${config.datasetsPrefix}/${id}/`,
]
