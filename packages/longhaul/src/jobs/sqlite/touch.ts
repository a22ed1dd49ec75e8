import type { JobClaims, Verdict } from '../engine.ts'
import type { Progress } from '../job.ts'
import type { JobRow } from '../row.ts'
import { touchLease, verdictOf } from '../rules/index.ts'
import { heldRow } from './fence.ts'
import { commit, type Engine, type Tx } from './transaction.ts'
import { seeWorker } from './worker.ts'

type Held = Parameters<JobClaims['touch']>[1][number]

export const touch =
  (engine: Engine): JobClaims['touch'] =>
  (worker, held) =>
    commit(engine, (tx) => {
      seeWorker(tx, worker)
      return held.map((one) => ({ lease: one.lease, verdict: touchOne(tx, one) }))
    })

function touchOne(tx: Tx, { lease, progress, silentMs }: Held): Verdict {
  const row = heldRow(tx, lease)
  if (row === undefined) return 'lost'
  const verdict = verdictOf(row, tx.now)
  const columns = touchLease(row, verdict, silentMs, tx)
  tx.connection.run(
    `UPDATE job SET lease_expires_at = ?, stop_told_at = ?, silent_since = ?
     WHERE seq = ? AND state = 'running'`,
    columns.lease_expires_at,
    columns.stop_told_at,
    columns.silent_since,
    row.seq,
  )
  if ((row.silent_since === null) !== (columns.silent_since === null))
    tx.notify({ kind: 'changed', jobId: row.id })
  if (progress !== undefined) saveProgress(tx, row, progress)
  return verdict
}

function saveProgress(tx: Tx, row: JobRow, progress: Progress): void {
  tx.connection.run(
    `INSERT INTO job_progress (job_id, attempt, data, updated_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (job_id) DO UPDATE SET attempt = excluded.attempt, data = excluded.data, updated_at = excluded.updated_at`,
    row.id,
    row.attempt,
    JSON.stringify(progress),
    tx.now,
  )
  tx.notify({ kind: 'progressed', jobId: row.id })
}
