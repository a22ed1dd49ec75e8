import type { Connection } from '../../database/index.ts'
import type { EngineSettings } from '../engine-options.ts'
import type { WaitReason } from '../job.ts'
import {
  isCapped,
  isHeldByDisks,
  laneReason,
  tokensAt,
  type Bucket,
  type LaneFacts,
  type WorkerRow,
} from '../rules/index.ts'
import type { Tx } from './tx.ts'

interface WaitingLane extends LaneFacts {
  readonly owner: string
  readonly wait_reason: WaitReason
  readonly wait_since: number
}

export const waitingLanes = `SELECT owner, running, max_running, wait_reason, wait_since
  FROM lane INDEXED BY lane_turn WHERE queue = ? AND ready > 0 ORDER BY running, served`
export const waitingQueues = 'SELECT DISTINCT queue FROM lane INDEXED BY lane_turn WHERE ready > 0'
export const liveWorkers = `SELECT queues, holding FROM worker INDEXED BY worker_seen WHERE seen_at > ?`

/** Before the commit: a row for each lane whose ready jobs now wait for another reason. */
export function recordReasons(tx: Tx): void {
  for (const queue of tx.unsettled)
    for (const { lane, reason } of changedReasons(tx.connection, queue, tx.now, tx.settings)) {
      const since = Math.max(tx.now, lane.wait_since)
      tx.connection.run(
        'UPDATE lane SET wait_reason = ?, wait_since = ? WHERE queue = ? AND owner = ?',
        reason,
        since,
        queue,
        lane.owner,
      )
      tx.connection.run(
        `INSERT INTO lane_wait (queue, owner, since, reason) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET reason = excluded.reason`,
        queue,
        lane.owner,
        since,
        reason,
      )
    }
}

export function changedReasons(
  connection: Connection,
  queue: string,
  now: number,
  { leaseMs }: EngineSettings,
): readonly { readonly lane: WaitingLane; readonly reason: WaitReason }[] {
  const lanes = connection.all<WaitingLane>(waitingLanes, queue)
  if (lanes.length === 0) return []
  const state = connection.get<Bucket & { paused: number }>(
    'SELECT paused, rate_per_minute, tokens, refilled_at FROM queue_state WHERE queue = ?',
    queue,
  )
  const workers = connection.all<Pick<WorkerRow, 'queues' | 'holding'>>(liveWorkers, now - leaseMs)
  const facts = {
    paused: state?.paused === 1,
    disk: isHeldByDisks(workers, queue),
    rateLimited: state !== undefined && tokensAt(state, now) < 1,
    // Lanes come with the fewest running first.
    fewest: lanes.find((lane) => !isCapped(lane))?.running,
  }
  return lanes.flatMap((lane) => {
    const reason = laneReason(facts, lane)
    return reason === lane.wait_reason ? [] : [{ lane, reason }]
  })
}
