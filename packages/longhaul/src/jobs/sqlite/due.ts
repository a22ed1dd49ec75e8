import type { Connection } from '../../database/index.ts'
import type { JobRow } from './row.ts'
import { transition } from './transition.ts'
import type { Tx } from './transaction.ts'

const batch = 500

export const isDue = 'SELECT 1 FROM job INDEXED BY job_wake WHERE wake_at <= ? LIMIT 1'
export const dueJobs = `SELECT * FROM job INDEXED BY job_wake
  WHERE wake_at <= ? ORDER BY wake_at LIMIT ?`

export const isAnyDue = (connection: Connection, now: number): boolean =>
  connection.get(isDue, now) !== undefined

/** Delayed jobs and retries whose time has come may be claimed from now on. Answers how many were in retry_wait. */
export function wakeDue(tx: Tx): number {
  const rows = tx.connection.all<JobRow>(dueJobs, tx.now, batch)
  for (const row of rows) {
    // A delayed job is queued before and after: no change of state, so no event.
    const events = row.state === 'retry_wait' ? [{ type: 'queued' }] : []
    transition(tx, row, { to: 'queued', set: { wake_at: null }, events })
  }
  return rows.filter((row) => row.state === 'retry_wait').length
}
