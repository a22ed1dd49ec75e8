import type { JobRow } from '../row.ts'
import type { AttemptEnd } from '../rules/index.ts'
import type { Tx } from './tx.ts'

export function beginAttempt(tx: Tx, row: JobRow): void {
  tx.connection.run(
    'INSERT INTO attempt (job_id, n, nonce, worker, started_at) VALUES (?, ?, ?, ?, ?)',
    row.id,
    row.attempt,
    row.lease_nonce,
    row.lease_worker,
    tx.now,
  )
}

/** What became of the job's current attempt. `publishing` is not the end yet. */
export function endAttempt(tx: Tx, row: JobRow, { outcome, problem, usage }: AttemptEnd): void {
  tx.connection.run(
    `UPDATE attempt SET outcome = ?, ended_at = ?, problem = ?, log_key = coalesce(?, log_key),
       cpu_ms = coalesce(?, cpu_ms), peak_rss = coalesce(?, peak_rss) WHERE job_id = ? AND n = ?`,
    outcome,
    outcome === 'publishing' ? null : tx.now,
    problem === undefined ? null : JSON.stringify(problem),
    usage?.logKey ?? null,
    usage?.cpuMs === undefined ? null : Math.round(usage.cpuMs),
    usage?.peakRssBytes === undefined ? null : Math.round(usage.peakRssBytes),
    row.id,
    row.attempt,
  )
}
