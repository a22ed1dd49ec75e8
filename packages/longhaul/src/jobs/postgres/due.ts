import { expireJob, isExpired, wakeJob } from '../rules/index.ts'
import { commit } from './commit.ts'
import { clock } from './clock.ts'
import { holdJobs } from './hold.ts'
import { transition } from './transition.ts'
import type { Engine } from './tx.ts'
import type { JobRow } from '../row.ts'

export const batch = 500
export const dueJobs = `SELECT id FROM job WHERE wake_at <= $1 ORDER BY wake_at LIMIT ${batch}`
export const expiredJobs = `SELECT id FROM job WHERE state = 'queued' AND started_at IS NULL
  AND expires_at IS NOT NULL AND expires_at <= $1 ORDER BY expires_at LIMIT ${batch}`

export interface DueReport {
  /** Rows of retry_wait that were woken. */
  readonly retries: number
  /** Jobs that failed because they waited too long. */
  readonly expired: readonly JobRow[]
}

/** Delayed jobs and retries whose time has come may be claimed from now on; who waited too long has failed. */
export async function takeDue(engine: Engine, until?: number): Promise<DueReport> {
  const { database } = engine
  const end =
    until ?? (await database.query<{ now: number }>(`SELECT ${clock} AS now`))[0]?.now ?? 0
  let retries = 0
  const expired: JobRow[] = []
  for (;;) {
    const [due, late] = await Promise.all([
      database.query<{ id: string }>(dueJobs, [end]),
      database.query<{ id: string }>(expiredJobs, [end]),
    ])
    if (due.length + late.length === 0) return { retries, expired }
    const ids = [...new Set([...late, ...due].map(({ id }) => id))]
    const done = await commit(engine, async (tx) => {
      const rows = [...(await holdJobs(tx, ids)).values()]
      // Somebody else may have been faster; and what is both late and due has failed.
      const isLate = (row: JobRow) => isExpired(row, end)
      const isDue = (row: JobRow) => !isLate(row) && row.wake_at !== null && row.wake_at <= end
      return {
        expired: rows.filter(isLate).map((row) => transition(tx, row, expireJob(row))),
        woken: rows.filter(isDue).map((row) => {
          transition(tx, row, wakeJob(row, tx))
          return row.state
        }),
      }
    })
    retries += done.woken.filter((state) => state === 'retry_wait').length
    expired.push(...done.expired)
  }
}
