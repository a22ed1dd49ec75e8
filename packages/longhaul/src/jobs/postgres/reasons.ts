import type { WaitReason } from '../job.ts'
import { isCapped, isHeldByDisks, laneReason, tokensAt } from '../rules/index.ts'
import { laneKey, type Tx } from './tx.ts'
import type { LaneRow, LiveWorker, QueueRow, Waiting } from './waiting.ts'

const laneColumns = 'queue, owner, ready, running, max_running, served, wait_reason, wait_since'
export const allWaitingLanes = `SELECT ${laneColumns} FROM lane WHERE ready > 0`
export const waitingLanes = `${allWaitingLanes} AND queue = ANY ($1)`
/** Besides those that wait, the lanes of some owners. */
const lanesToLookAt = `SELECT ${laneColumns} FROM lane WHERE queue = ANY ($1) AND (ready > 0 OR owner = ANY ($2))`
export const allQueueRows = `SELECT queue, running, max_running, paused, claims, rate_per_minute, tokens, refilled_at
  FROM queue_state`
export const queueRows = `${allQueueRows} WHERE queue = ANY ($1)`
export const liveWorkers = `SELECT queues, holding FROM worker
  WHERE seen_at > (extract(epoch FROM clock_timestamp()) * 1000)::bigint - $1`

/** Before the commit: a row for each lane whose ready jobs now wait for another reason. */
export async function recordReasons(tx: Tx): Promise<void> {
  // A lane that begins to wait, or in which one more does: the second is common and then nothing changes.
  const owners = new Set<string>()
  const queues = new Set(tx.unsettled)
  for (const { queue, owner, move } of tx.lanes.values())
    if (move.ready > 0) {
      owners.add(owner)
      queues.add(queue)
    }
  if (queues.size === 0) return
  const waiting = tx.waiting ?? (await readWaiting(tx, [...queues], [...owners]))
  for (const { lane, reason } of changedReasons(asDecided(tx, waiting), tx.now))
    tx.lane(lane.queue, lane.owner).wait = { reason, since: Math.max(tx.now, lane.wait_since) }
}

async function readWaiting(
  tx: Tx,
  queues: readonly string[],
  owners: readonly string[],
): Promise<Waiting> {
  const { session, settings } = tx
  const [lanes, states, workers] = await Promise.all([
    session.query<LaneRow>(lanesToLookAt, [queues, owners]),
    session.query<QueueRow>(queueRows, [queues]),
    session.query<LiveWorker>(liveWorkers, [settings.leaseMs]),
  ])
  return { lanes, queues: states, workers }
}

/** The same rows with what this operation changes of them. */
export const asDecided = (tx: Tx, { lanes, queues, workers }: Waiting): Waiting => ({
  lanes: lanes.map((lane) => {
    const { move, served } = tx.lanes.get(laneKey(lane.queue, lane.owner)) ?? {}
    const ready = lane.ready + (move?.ready ?? 0)
    return {
      ...lane,
      ready,
      running: lane.running + (move?.states[1] ?? 0),
      served: served ?? lane.served,
    }
  }),
  queues: queues.map((row) => {
    const { tokens, refilledAt } = tx.queues.get(row.queue) ?? {}
    return {
      ...row,
      running: row.running + runningMore(tx, row.queue),
      tokens: tokens ?? row.tokens,
      refilled_at: refilledAt ?? row.refilled_at,
    }
  }),
  workers,
})

const runningMore = (tx: Tx, of: string): number =>
  [...tx.lanes.values()].reduce(
    (sum, { queue, move }) => (queue === of ? sum + (move.states[1] ?? 0) : sum),
    0,
  )

export function changedReasons(
  { lanes, queues, workers }: Waiting,
  now: number,
): readonly { readonly lane: LaneRow; readonly reason: WaitReason }[] {
  return queues.flatMap((state) => {
    const mine = lanes.filter(({ queue, ready }) => queue === state.queue && ready > 0)
    const running = mine.filter((lane) => !isCapped(lane)).map((lane) => lane.running)
    const facts = {
      paused: state.paused,
      disk: isHeldByDisks(workers, state.queue),
      rateLimited: tokensAt(state, now) < 1,
      fewest: running.length === 0 ? undefined : Math.min(...running),
    }
    return mine.flatMap((lane) => {
      const reason = laneReason(facts, lane)
      return reason === lane.wait_reason ? [] : [{ lane, reason }]
    })
  })
}
