import { countedStates, moveOf, sumOfMoves, type Counted } from '../rules/index.ts'
import type { Tx } from './tx.ts'

const moveLane = `UPDATE lane SET ready = ready + ?, ${countedStates.map((s) => `${s} = ${s} + ?`).join(', ')},
  served = coalesce(?, served) WHERE queue = ? AND owner = ? RETURNING ready`
const moveQueue =
  'UPDATE queue_state SET queued = queued + ?, running = running + ? WHERE queue = ? RETURNING queued'

/** Notes what one transition does to the counters of a job's lane and queue; undefined = the row is not there. */
export function countTransition(
  tx: Tx,
  before: (Counted & { queue: string; owner: string }) | undefined,
  after: (Counted & { queue: string; owner: string }) | undefined,
): void {
  const row = after ?? before
  const move = moveOf(before, after)
  if (row === undefined || move === undefined) return
  const { queue, owner } = row
  const frees = before?.state === 'running' && after?.state !== 'running'
  const key = laneKey(queue, owner)
  const earlier = tx.moves.get(key)
  if (earlier === undefined) tx.moves.set(key, { queue, owner, move, frees, served: null })
  else {
    earlier.move = sumOfMoves(earlier.move, move)
    earlier.frees ||= frees
  }
}

/** Which claim of its queue served the lane; a job of it has just been counted. */
export function noteServed(tx: Tx, queue: string, owner: string, claim: number): void {
  const noted = tx.moves.get(laneKey(queue, owner))
  if (noted !== undefined) noted.served = claim
}

/** Once for all transitions of an operation, and before anybody reads the counters. */
export function writeMoves(tx: Tx): void {
  for (const { queue, owner, move, frees, served } of tx.moves.values()) {
    const [queued = 0, running = 0] = move.states
    if (queued !== 0 || running !== 0 || frees) {
      const row = tx.connection.get<{ queued: number }>(moveQueue, queued, running, queue)
      if (frees && (row?.queued ?? 0) > 0) tx.notify({ kind: 'queued', queue })
    }
    const change = [move.ready, ...move.states, served, queue, owner]
    const lane = tx.connection.get<{ ready: number }>(moveLane, ...change)
    // It begins to wait, or another lane may be the one that waits now.
    if (move.ready > 0 && lane?.ready === move.ready) tx.unsettled.add(queue)
  }
  tx.moves.clear()
}

const laneKey = (queue: string, owner: string): string => `${queue}\n${owner}`

/** Makes sure the lane is there; answers its clock, which is the database's but never goes back. */
export function laneClock(tx: Tx, queue: string, owner: string): number {
  tx.connection.run('INSERT INTO queue_state (queue) VALUES (?) ON CONFLICT DO NOTHING', queue)
  const lane = tx.connection.get<{ submit_clock: number }>(
    `INSERT INTO lane (queue, owner, submit_clock) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET submit_clock = max(submit_clock, excluded.submit_clock)
     RETURNING submit_clock`,
    queue,
    owner,
    tx.now,
  )
  return lane?.submit_clock ?? tx.now
}
