import type { Logger } from 'pino'
import type { Database } from '../database/database.ts'
import { isLonghaulError } from '../errors/index.ts'
import type { JobStore } from '../jobs/engine.ts'
import type { BatchRow } from './batch.ts'
import { tellCancelled } from './cancel-batch.ts'
import { removeRest, type RemoveJobs } from './remove-batch.ts'

export interface TendParts {
  readonly database: Database
  readonly engine: Pick<JobStore, 'requestCancel'>
  readonly log: Pick<Logger, 'error' | 'info'>
  readonly removeJobs: RemoveJobs
}

/**
 * Ends what was begun for batches, here or by a process that died: jobs are told to stop, ends are told, the deleted goes.
 * Whether there was anything to do.
 */
export async function tendBatches(parts: TendParts, signal: AbortSignal): Promise<boolean> {
  let done = false
  for (const batch of await parts.database.read<BatchRow>('batch.to-tend', [])) {
    if (signal.aborted) break
    try {
      if (batch.removing === 1) await removeRest(parts, batch, signal)
      else if (batch.stopping === 1) await tellCancelled(parts, batch.id)
      else await tellEnd(parts.database, batch)
      done = true
    } catch (error) {
      // One that cannot be served must not keep the others waiting.
      if (!isLonghaulError(error, 'write-conflict'))
        parts.log.error({ err: error, batch_id: batch.id }, 'tending a batch failed, trying again')
    }
  }
  return done
}

/** Into the outbox, once for every end. Who sends it says how the batch is then. */
async function tellEnd(database: Database, batch: BatchRow): Promise<void> {
  const { id, owner, callback_url: url, told } = batch
  if (url === null) return
  await database.write([
    { statement: 'batch.told', params: [id, told], expectRows: 1 },
    { statement: 'batch.tell', params: [id, told + 1, owner, url, new URL(url).origin] },
  ])
}

/** It goes on: whoever was told of its end is told of the next one too. Only once its jobs wait again. */
export async function tellNextEnd(
  database: Database,
  { id, callback_url }: Pick<BatchRow, 'id' | 'callback_url'>,
): Promise<void> {
  if (callback_url !== null) await database.write([{ statement: 'batch.tell-again', params: [id] }])
}
