import { countedStates, moveOf, type Counted } from '../rules/index.ts'
import type { Tx } from './tx.ts'

const move = `UPDATE lane SET ready = ready + ?, ${countedStates.map((s) => `${s} = ${s} + ?`).join(', ')}
  WHERE queue = ? AND owner = ? RETURNING ready`
const moveQueue =
  'UPDATE queue_state SET queued = queued + ?, running = running + ? WHERE queue = ?'

/** Keeps the counters of a job's lane and queue in step with one transition; undefined = the row is not there. */
export function countTransition(
  tx: Tx,
  before: (Counted & { queue: string; owner: string }) | undefined,
  after: (Counted & { queue: string; owner: string }) | undefined,
): void {
  const row = after ?? before
  const change = moveOf(before, after)
  if (row === undefined || change === undefined) return
  const [queued = 0, running = 0] = change.states
  if (queued !== 0 || running !== 0) tx.connection.run(moveQueue, queued, running, row.queue)
  const lane = tx.connection.get<{ ready: number }>(
    move,
    change.ready,
    ...change.states,
    row.queue,
    row.owner,
  )
  // It begins to wait, or another lane may be the one that waits now.
  if (change.ready > 0 && lane?.ready === change.ready) tx.unsettled.add(row.queue)
}

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
