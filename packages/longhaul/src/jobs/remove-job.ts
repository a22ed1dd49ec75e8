import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { Services } from '../app/services.ts'
import type { JobId } from './job.ts'

/** More than this is deleted after the answer: a request must end. */
const maxPages = 20
const pageSize = 500

/**
 * Deletes finished jobs and what only they have: outputs, logs, checkpoints, files that came with the submission. Rows go
 * first, so that nobody sees a job without its outputs; what a crash leaves behind belongs to no job any more, and
 * `longhaul gc` finds it. Throws 'job-not-finished'.
 */
export async function removeJobs(
  { config, engine, storage }: Pick<Services, 'config' | 'engine' | 'storage'>,
  ids: readonly JobId[],
): Promise<void> {
  await engine.remove(ids)
  for (const id of ids) {
    for (const prefix of jobPrefixes(config, id)) {
      const all = await deleteBelow(storage, prefix, maxPages)
      // Nobody waits for it, and nobody can see it any more: a failure leaves garbage, no mistake.
      if (!all) void deleteBelow(storage, prefix, Infinity).catch(() => undefined)
      for await (const upload of storage.listUploads(prefix)) await storage.abort(upload)
    }
    await rm(path.join(config.dataDir, 'logs', id), { recursive: true, force: true })
    await rm(path.join(config.callables.runsDir, id), { recursive: true, force: true })
  }
}

/** False when there is more than so many pages. */
async function deleteBelow(
  storage: Services['storage'],
  prefix: string,
  pages: number,
): Promise<boolean> {
  for (let page = 0; page < pages; page++) {
    const { objects } = await storage.list(prefix, { limit: pageSize })
    if (objects.length === 0) return true
    await storage.delete(objects.map(({ key }) => key))
  }
  return false
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
