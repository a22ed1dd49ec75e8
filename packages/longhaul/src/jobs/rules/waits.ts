import type { WaitInterval } from '../engine.ts'
import type { Job, WaitReason } from '../job.ts'
import type { JobRow } from '../row.ts'

/** What holds for all lanes of a queue. `fewest`: running jobs of the waiting lane below its cap that has fewest. */
export interface QueueFacts {
  readonly paused: boolean
  /** Every live worker of the queue has stopped claiming, because its disk is nearly full. */
  readonly disk: boolean
  readonly rateLimited: boolean
  readonly fewest: number | undefined
}
export interface LaneFacts {
  readonly running: number
  readonly max_running: number | null
}

/** Why the ready jobs of a lane wait: the first that holds. */
export function laneReason(queue: QueueFacts, lane: LaneFacts): WaitReason {
  if (queue.paused) return 'paused'
  if (queue.disk) return 'disk'
  if (queue.rateLimited) return 'rate-limit'
  if (isCapped(lane) || lane.running > (queue.fewest ?? lane.running)) return 'owner-share'
  return 'slots'
}

export const isCapped = ({ running, max_running }: LaneFacts): boolean =>
  max_running !== null && running >= max_running

/** One row of lane_wait. */
export interface LaneWait {
  readonly since: number
  readonly reason: WaitReason
}

/**
 * The wait of a job's present life, without a gap or an overlap. `unblockedAt`: when its last dependency ended; `log`:
 * changes of its lane, oldest first, from the one that held when it became ready.
 */
export function waitsOf(
  row: JobRow,
  unblockedAt: number | undefined,
  log: readonly LaneWait[],
): readonly WaitInterval[] {
  const end = row.started_at ?? row.completed_at ?? Number.POSITIVE_INFINITY
  const blockedUntil =
    row.ready_at === null && row.blocked_by > 0
      ? Number.POSITIVE_INFINITY
      : (unblockedAt ?? row.queued_at)
  const readyAt = row.ready_at ?? Number.POSITIVE_INFINITY
  const marks: { at: number; reason: WaitReason }[] = [
    { at: row.queued_at, reason: 'dependency' },
    { at: blockedUntil, reason: 'delayed' },
    { at: readyAt, reason: log[0]?.reason ?? 'slots' },
    ...log.slice(1).map(({ since, reason }) => ({ at: Math.max(since, readyAt), reason })),
  ]
  const intervals: { reason: WaitReason; from: number; to?: number }[] = []
  marks.forEach(({ at, reason }, index) => {
    const to = Math.min(marks[index + 1]?.at ?? end, end)
    const from = Math.max(at, row.queued_at)
    if (!(to > from)) return
    const last = intervals.at(-1)
    if (last?.reason === reason) last.to = to
    else intervals.push({ reason, from, to })
  })
  const last = intervals.at(-1)
  if (last?.to === Number.POSITIVE_INFINITY) delete last.to
  return intervals
}

/** Why a job does not run now; undefined where it runs or has ended. */
export function waitingOf(
  row: JobRow,
  lane: { readonly wait_reason: WaitReason; readonly wait_since: number } | undefined,
  position: number,
): Job['waiting'] {
  if (row.state === 'retry_wait') return { reason: 'delayed', position, since: row.updated_at }
  if (row.state !== 'queued') return undefined
  if (row.blocked_by > 0) return { reason: 'dependency', position, since: row.queued_at }
  if (row.wake_at !== null)
    return {
      reason: 'delayed',
      position,
      since: row.on_dependency === null ? row.queued_at : row.updated_at,
    }
  if (row.publishing !== null) return { reason: 'slots', position, since: row.updated_at }
  const readySince = row.started_at === null ? (row.ready_at ?? row.queued_at) : row.updated_at
  return {
    reason: lane?.wait_reason ?? 'slots',
    position,
    since: Math.max(lane?.wait_since ?? 0, readySince),
  }
}

/** Positions are counted so far. */
export const farthestPosition = 1_000
