import type { Database } from '../database/database.ts'
import { LonghaulError } from '../errors/index.ts'
import { countItems, statusOf } from './count-items.ts'
import type { BatchRow } from './batch.ts'
import { isBatchFinished } from '@longhaul/protocol'

/** Ended jobs with everything they made. */
export type RemoveJobs = (ids: readonly string[]) => Promise<void>

interface RemoveParts {
  readonly database: Database
  readonly removeJobs: RemoveJobs
}
const chunkJobs = 50
/** A request must end: whoever tends batches goes on from there. */
const inRequestMs = 5000

/**
 * Deletes a batch that has ended, with its jobs and what they made. From the first moment on nobody sees it; the rest of a
 * large one goes after the answer. Throws 'batch-not-finished'.
 */
export async function removeBatch(parts: RemoveParts, batch: BatchRow): Promise<void> {
  const { counts } = await countItems(parts.database, batch)
  const status = statusOf(counts, batch.cancelled_at !== null)
  if (!isBatchFinished(status))
    throw new LonghaulError(
      'batch-not-finished',
      `Batch ${batch.id} is ${status}; cancel it first (POST /batches/${batch.id}/cancel), then delete it.`,
    )
  await parts.database.write([{ statement: 'batch.remove', params: [batch.id] }])
  await removeRest(parts, batch, AbortSignal.timeout(inRequestMs))
}

/** Goes on where it was left, until `signal` aborts. */
export async function removeRest(
  { database, removeJobs }: RemoveParts,
  { id }: Pick<BatchRow, 'id'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const jobs = await database.read<{ id: string }>('batch.jobs', [id, chunkJobs])
    if (jobs.length === 0) {
      await database.write([{ statement: 'batch.removed', params: [id] }])
      return
    }
    await removeJobs(jobs.map((job) => job.id))
    await new Promise(setImmediate)
  }
}
