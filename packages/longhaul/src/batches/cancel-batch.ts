import type { Database } from '../database/database.ts'
import type { JobStore } from '../jobs/engine.ts'
import type { BatchRow } from './batch.ts'

export interface CancelParts {
  readonly database: Database
  readonly engine: Pick<JobStore, 'requestCancel'>
}

/** From here on none of its items becomes a job; those that are jobs are told. One that has ended stays as it is. */
export async function cancelBatch(
  parts: CancelParts,
  { id, fed, total }: Pick<BatchRow, 'id' | 'fed' | 'total'>,
): Promise<void> {
  const [row] = await parts.database.read<{ n: number }>('batch.unfinished', [id])
  if (fed === total && row?.n === 0) return
  await parts.database.write([{ statement: 'batch.cancel', params: [id] }])
  await tellCancelled(parts, id)
}

/** Goes on where a process that died stopped: whoever feeds batches looks for those that are stopping. */
export async function tellCancelled({ database, engine }: CancelParts, id: string): Promise<void> {
  for (;;) {
    const untold = await database.read<{ id: string }>('batch.untold', [id])
    if (untold.length === 0) break
    await engine.requestCancel(
      untold.map((job) => job.id),
      { scope: 'everyone', reason: 'its batch was cancelled' },
    )
    await new Promise(setImmediate)
  }
  await database.write([{ statement: 'batch.stopped', params: [id] }])
}
