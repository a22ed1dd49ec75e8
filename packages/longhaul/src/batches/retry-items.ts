import type { Database } from '../database/database.ts'
import type { JobStore, RetryChanges, Scope } from '../jobs/engine.ts'
import type { BatchRow } from './batch.ts'
import { eachItemJob } from './list-items.ts'

export interface RetryItems {
  /** Codes of problems; `cancelled` is what a cancel kept from its end. @default every failed item */
  readonly only: readonly string[] | undefined
  readonly from: 'checkpoint' | 'start'
  readonly changes: RetryChanges
}

/** Queues the chosen items again under their own jobs; those that completed stay as they are. Answers how many. */
export async function retryItems(
  parts: { readonly database: Database; readonly engine: Pick<JobStore, 'retry'> },
  batch: BatchRow,
  { only, from, changes }: RetryItems,
  scope: Scope,
): Promise<number> {
  const { database, engine } = parts
  const codes = only?.filter((code) => code !== 'cancelled')
  let retried = 0
  const again = async (filter: Parameters<typeof eachItemJob>[2]): Promise<void> => {
    // By number of the item, so that one that fails again meanwhile is not retried for ever.
    for await (const rows of eachItemJob({ database }, batch, filter, 100)) {
      const ids = rows.map(({ id }) => id)
      const outcomes = await engine.retry(ids, from, scope, changes)
      retried += outcomes.filter(({ kind }) => kind === 'retried').length
    }
  }
  const goesOn = only?.includes('cancelled') === true
  // Without items that are no jobs yet, nothing of a cancel is left to hold.
  const endsCancel = batch.cancelled_at !== null && (goesOn || batch.fed === batch.total)
  // Else what is queued again could be told to stop again.
  if (endsCancel) await database.write([{ statement: 'batch.stopped', params: [batch.id] }])
  if (goesOn) await again({ statuses: ['cancelled'] })
  if (only === undefined) await again({ statuses: ['failed'] })
  else if (codes !== undefined && codes.length > 0) await again({ codes })
  // Only now, so that those that have waited longer come first: items that were no jobs yet go on becoming jobs.
  if (endsCancel) await database.write([{ statement: 'batch.uncancel', params: [batch.id] }])
  if (goesOn && batch.cancelled_at !== null) retried += batch.total - batch.fed
  return retried
}
