import { randomBytes } from 'node:crypto'
import type { Connection } from '../../database/index.ts'
import { LonghaulError } from '../../errors/index.ts'
import type { Claim, JobClaims, Want, WorkerInfo } from '../engine.ts'
import type { JobRow } from '../row.ts'
import { claimOf, expireJob, isExpired, startAttempt } from '../rules/index.ts'
import { beginAttempt } from './attempt.ts'
import { newestManifest } from './checkpoint.ts'
import { databaseNow } from './database-now.ts'
import { isAnyDue, wakeDue } from './due.ts'
import { noteServed, writeMoves } from './lane.ts'
import { roomOf, spend } from './limits.ts'
import { commit, type Engine, type Tx } from './transaction.ts'
import { transition } from './transition.ts'
import { seeWorker } from './worker.ts'

/** The lane whose turn it is: below its cap, fewest running, then served longest ago. */
export const nextLane = `SELECT owner, running, max_running FROM lane INDEXED BY lane_turn
  WHERE queue = ? AND ready > 0 AND (max_running IS NULL OR running < max_running) ORDER BY running, served LIMIT ?`
/** The index is named because a fresh ANALYZE once made SQLite prefer another: 3,119 claims/s became 10. */
export const laneHeads = `SELECT * FROM job INDEXED BY job_ready
  WHERE queue = ? AND owner = ? AND state = 'queued' AND wake_at IS NULL AND blocked_by = 0 AND publishing IS NULL
  ORDER BY rank_at, seq LIMIT ?`
export const nextPublication = `SELECT * FROM job INDEXED BY job_publish
  WHERE queue = ? AND state = 'queued' AND publishing IS NOT NULL ORDER BY seq LIMIT 1`

export const claim =
  (engine: Engine): JobClaims['claim'] =>
  async (worker, wants) => {
    const { reader } = engine.database
    const now = databaseNow(reader)
    // An idle worker asks often; it need not take the write lock to hear that there is nothing, or no room.
    if (!isAnyDue(reader, now) && !wants.some(({ queue }) => hasWork(reader, queue, now))) return []
    return commit(engine, (tx) => claimAll(tx, worker, wants))
  }

export function claimAll(tx: Tx, worker: WorkerInfo, wants: readonly Want[]): readonly Claim[] {
  wakeDue(tx, tx.now)
  const claims = wants.flatMap(({ queue, slots }) => claimFrom(tx, worker, queue, slots))
  if (claims.length > 0) seeWorker(tx, worker)
  return claims
}

export const anyPublication = `SELECT * FROM job INDEXED BY job_publish
  WHERE state = 'queued' AND publishing IS NOT NULL LIMIT 1`

export const claimPublications =
  (engine: Engine): JobClaims['claimPublications'] =>
  async (worker, slots) => {
    if (slots <= 0 || engine.database.reader.get(anyPublication) === undefined) return []
    return commit(engine, (tx) => {
      const claims: Claim[] = []
      while (claims.length < slots) {
        const row = tx.connection.get<JobRow>(anyPublication)
        if (row === undefined) break
        claims.push(start(tx, worker, row))
      }
      if (claims.length > 0) seeWorker(tx, worker)
      return claims
    })
  }

const hasWork = (connection: Connection, queue: string, now: number): boolean =>
  (roomOf(connection, queue, now).slots > 0 && connection.get(nextLane, queue, 1) !== undefined) ||
  connection.get(nextPublication, queue) !== undefined

interface Lane {
  readonly owner: string
  readonly running: number
  readonly max_running: number | null
}

function claimFrom(tx: Tx, worker: WorkerInfo, queue: string, slots: number): readonly Claim[] {
  const claims: Claim[] = []
  if (slots > 0) tx.unsettled.add(queue)
  // First what is already done and only has to become visible: neither a pause nor a limit holds it back.
  while (claims.length < slots) {
    const row = tx.connection.get<JobRow>(nextPublication, queue)
    if (row === undefined) break
    claims.push(start(tx, worker, row))
  }
  writeMoves(tx)
  const room = roomOf(tx.connection, queue, tx.now)
  const most = Math.min(slots - claims.length, room.slots)
  let started = 0
  while (started < most) {
    const [lane, other] = tx.connection.all<Lane>(nextLane, queue, 2)
    if (lane === undefined) break
    const { owner, running, max_running } = lane
    // One that waits alone has every turn, as far as its cap goes.
    const turns = other ? 1 : Math.min(most - started, (max_running ?? Infinity) - running)
    const rows = tx.connection.all<JobRow>(laneHeads, queue, owner, turns)
    if (rows.length === 0)
      throw new LonghaulError('internal', `Lane ${queue} of ${owner} miscounts its jobs`)
    for (const row of rows) {
      if (isExpired(row, tx.now)) {
        transition(tx, row, expireJob(row))
        continue
      }
      claims.push(start(tx, worker, row))
      started += 1
      noteServed(tx, queue, owner, room.claims + started)
    }
    writeMoves(tx)
  }
  spend(tx, queue, room, started)
  return claims
}

function start(tx: Tx, worker: WorkerInfo, before: JobRow): Claim {
  const nonce = randomBytes(12).toString('base64url')
  const row = transition(tx, before, startAttempt(before, worker.id, nonce, tx))
  beginAttempt(tx, row)
  // The attempt before left its progress; this one starts at nothing.
  if (row.attempt > 1 && row.publishing === null)
    tx.connection.run('DELETE FROM job_progress WHERE job_id = ?', row.id)
  return claimOf(row, row.checkpoint_at === null ? undefined : newestManifest(tx, row.id))
}
