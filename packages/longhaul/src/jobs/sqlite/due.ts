import type { Connection } from '../../database/index.ts'
import type { JobRow } from '../row.ts'
import { expireJob, isExpired, wakeJob } from '../rules/index.ts'
import type { Tx } from './tx.ts'
import { transition } from './transition.ts'

const batch = 500

export const isDue = 'SELECT 1 FROM job INDEXED BY job_wake WHERE wake_at <= ? LIMIT 1'
export const dueJobs = `SELECT * FROM job INDEXED BY job_wake
  WHERE wake_at <= ? ORDER BY wake_at LIMIT ?`
export const expiredJobs = `SELECT * FROM job INDEXED BY job_expiry
  WHERE state = 'queued' AND started_at IS NULL AND expires_at IS NOT NULL AND expires_at <= ?
  ORDER BY expires_at LIMIT ?`

export const isAnyDue = (connection: Connection, now: number): boolean =>
  connection.get(isDue, now) !== undefined

export const isAnyExpired = (connection: Connection, now: number): boolean =>
  connection.get(expiredJobs, now, 1) !== undefined

export interface Woken {
  /** Rows of retry_wait among them. */
  readonly retries: number
  /** Whether more may be due. */
  readonly more: boolean
}

/** Delayed jobs and retries whose time has come may be claimed from now on. */
export function wakeDue(tx: Tx, now: number): Woken {
  // A question for one column costs a tenth of one for all of them, and nearly always the answer is no.
  const rows = isAnyDue(tx.connection, now) ? tx.connection.all<JobRow>(dueJobs, now, batch) : []
  for (const row of rows) transition(tx, row, wakeJob(row, tx))
  const retries = rows.filter((row) => row.state === 'retry_wait').length
  return { retries, more: rows.length === batch }
}

/** Jobs that have waited too long for their first start. Answers them as they are now. */
export const expireDue = (tx: Tx, now: number): readonly JobRow[] =>
  tx.connection
    .all<JobRow>(expiredJobs, now, batch)
    .filter((row) => isExpired(row, now))
    .map((row) => transition(tx, row, expireJob(row)))
