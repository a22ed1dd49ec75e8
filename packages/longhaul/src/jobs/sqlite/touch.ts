import type { JobClaims, Lease, Verdict } from '../engine.ts'
import type { Progress } from '../job.ts'
import { heldRow } from './fence.ts'
import type { JobRow } from './row.ts'
import { commit, type Engine, type Tx } from './transaction.ts'
import { seeWorker } from './worker.ts'

export const touch =
  (engine: Engine): JobClaims['touch'] =>
  (worker, held) =>
    commit(engine, (tx) => {
      seeWorker(tx, worker)
      return held.map(({ lease, progress }) => ({ lease, verdict: touchOne(tx, lease, progress) }))
    })

function touchOne(tx: Tx, lease: Lease, progress: Progress | undefined): Verdict {
  const row = heldRow(tx, lease)
  if (row === undefined) return 'lost'
  const verdict = verdictOf(tx, row)
  const { leaseMs, stopGraceMs } = tx.settings
  const toldAt = verdict === 'held' ? null : (row.stop_told_at ?? tx.now)
  const expiresAt = tx.now + leaseMs
  tx.connection.run(
    "UPDATE job SET lease_expires_at = ?, stop_told_at = ? WHERE seq = ? AND state = 'running'",
    // Who was told to stop and never does may not stay "running" for ever by touching.
    toldAt === null ? expiresAt : Math.min(expiresAt, toldAt + leaseMs + stopGraceMs),
    toldAt,
    row.seq,
  )
  if (progress !== undefined) saveProgress(tx, row, progress)
  return verdict
}

/** A publication that has begun is carried through: neither a cancel nor a deadline stops it. */
function verdictOf(tx: Tx, row: JobRow): Verdict {
  if (row.publishing !== null) return 'held'
  if (row.cancel_requested_at !== null) return 'cancel'
  return row.deadline_at !== null && row.deadline_at <= tx.now ? 'deadline' : 'held'
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
  tx.notify({ kind: 'changed', jobId: row.id })
}
