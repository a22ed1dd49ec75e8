import type { JobRow } from '../row.ts'
import type { EventToAdd } from '../rules/index.ts'
import type { Tx } from './tx.ts'

/**
 * Writes events whose numbers the caller has reserved by raising job.event_no in the same transaction. Per job, not
 * global: a global sequence would show a later number before an earlier one commits (engine.md §3).
 */
export function insertEvents(tx: Tx, row: JobRow, events: readonly EventToAdd[]): void {
  events.forEach((event, index) => {
    tx.connection.run(
      'INSERT INTO job_event (job_id, no, attempt, type, at, data) VALUES (?, ?, ?, ?, ?, ?)',
      row.id,
      row.event_no - events.length + 1 + index,
      row.attempt,
      event.type,
      tx.now,
      JSON.stringify(event.data ?? {}),
    )
  })
}
