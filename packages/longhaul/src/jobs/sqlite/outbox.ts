import type { JobRow } from '../row.ts'
import { callbackOf } from '../rules/index.ts'
import type { Tx } from './tx.ts'

/** Commits with the end of the job, however it came about. */
export function insertCallback(tx: Tx, before: JobRow, after: JobRow): void {
  const row = callbackOf(before, after, tx.now)
  if (row === undefined) return
  tx.connection.run(
    `INSERT INTO outbox (job_id, owner, event_no, url, origin, body, due_at, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    row.job_id,
    row.owner,
    row.event_no,
    row.url,
    row.origin,
    row.body,
    row.due_at,
    row.created_at,
  )
}
