import type { Database } from '../database/database.ts'
import type { JobStore } from '../jobs/engine.ts'

export interface CancelParts {
  readonly database: Database
  readonly engine: Pick<JobStore, 'requestCancel'>
}

/** From here on none of its items becomes a job; those that are jobs are told. May be called again. */
export async function cancelBatch(parts: CancelParts, id: string): Promise<void> {
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
