import { randomBytes } from 'node:crypto'
import type { Connection } from '../../database/index.ts'
import { LonghaulError } from '../../errors/index.ts'
import type { Json } from '../../support/json.ts'
import type { Checkpoint, Claim, JobClaims, WorkerInfo } from '../engine.ts'
import type { PendingOutput } from '../job.ts'
import { beginAttempt } from './attempt.ts'
import { databaseNow } from './database-now.ts'
import { isAnyDue, wakeDue } from './due.ts'
import { countClaim, roomOf } from './limits.ts'
import { parse, toJob, type JobRow } from './row.ts'
import { commit, type Engine, type Tx } from './transaction.ts'
import { transition } from './transition.ts'
import { seeWorker } from './worker.ts'

/** The lane whose turn it is: fewest running, then served longest ago. */
export const nextLane = `SELECT owner FROM lane INDEXED BY lane_turn
  WHERE queue = ? AND ready > 0 ORDER BY running, served LIMIT 1`
/** The index is named because a fresh ANALYZE once made SQLite prefer another: 3,119 claims/s became 10. */
export const laneHead = `SELECT * FROM job INDEXED BY job_ready
  WHERE queue = ? AND owner = ? AND state = 'queued' AND wake_at IS NULL AND blocked_by = 0 AND publishing IS NULL
  ORDER BY rank_at, seq LIMIT 1`
export const nextPublication = `SELECT * FROM job INDEXED BY job_publish
  WHERE queue = ? AND state = 'queued' AND publishing IS NOT NULL ORDER BY seq LIMIT 1`

export const claim =
  (engine: Engine): JobClaims['claim'] =>
  async (worker, wants) => {
    const { reader } = engine.database
    const due = isAnyDue(reader, databaseNow(reader))
    // An idle worker asks often; it need not take the write lock to hear that there is nothing.
    if (!due && !wants.some(({ queue }) => hasWork(reader, queue))) return []
    return commit(engine, (tx) => {
      wakeDue(tx)
      const claims = wants.flatMap(({ queue, slots }) => claimFrom(tx, worker, queue, slots))
      if (claims.length > 0) seeWorker(tx, worker)
      return claims
    })
  }

const hasWork = (connection: Connection, queue: string): boolean =>
  connection.get(nextLane, queue) !== undefined ||
  connection.get(nextPublication, queue) !== undefined

function claimFrom(tx: Tx, worker: WorkerInfo, queue: string, slots: number): readonly Claim[] {
  const claims: Claim[] = []
  // First what is already done and only has to become visible: neither a pause nor a limit holds it back.
  while (claims.length < slots) {
    const row = tx.connection.get<JobRow>(nextPublication, queue)
    if (row === undefined) break
    claims.push(start(tx, worker, row))
  }
  let room = Math.min(slots - claims.length, roomOf(tx, queue))
  for (; room > 0; room -= 1) {
    const lane = tx.connection.get<{ owner: string }>(nextLane, queue)
    if (lane === undefined) break
    const row = tx.connection.get<JobRow>(laneHead, queue, lane.owner)
    if (row === undefined)
      throw new LonghaulError('internal', `Lane ${queue} of ${lane.owner} miscounts its jobs`)
    claims.push(start(tx, worker, row))
    tx.connection.run(
      'UPDATE lane SET served = ? WHERE queue = ? AND owner = ?',
      countClaim(tx, queue),
      queue,
      lane.owner,
    )
  }
  return claims
}

function start(tx: Tx, worker: WorkerInfo, before: JobRow): Claim {
  const resume = before.publishing === null ? 'run' : 'publish'
  const nonce = randomBytes(12).toString('base64url')
  const row = transition(tx, before, {
    to: 'running',
    set: {
      attempt: before.attempt + 1,
      lease_nonce: nonce,
      lease_worker: worker.id,
      lease_expires_at: tx.now + tx.settings.leaseMs,
      deadline_at:
        before.timeout_ms === null || resume === 'publish' ? null : tx.now + before.timeout_ms,
      started_at: before.started_at ?? tx.now,
    },
    events: [{ type: 'started', data: { worker: worker.id, resume } }],
  })
  beginAttempt(tx, row)
  const lease = { jobId: row.id, attempt: row.attempt, nonce }
  const job = toJob(row)
  if (row.publishing !== null)
    return { resume: 'publish', lease, job, ...parse<Publication>(row.publishing) }
  // The attempt before left its progress; this one starts at nothing.
  if (row.attempt > 1) tx.connection.run('DELETE FROM job_progress WHERE job_id = ?', row.id)
  if (row.checkpoint === null) return { resume: 'run', lease, job }
  return { resume: 'run', lease, job, checkpoint: parse<Checkpoint>(row.checkpoint) }
}

/** What the column `publishing` holds. */
export interface Publication {
  readonly result: Json
  readonly outputs: readonly PendingOutput[]
}
