import type { JobStore } from '../engine.ts'
import type { JobRow } from '../row.ts'
import { waitsOf, type LaneWait } from '../rules/index.ts'
import type { Engine } from './tx.ts'

/** The one that held at $3, and those that began after it and before $4. */
export const reasonsFrom = `(SELECT since, reason FROM lane_wait
    WHERE queue = $1 AND owner = $2 AND since <= $3 ORDER BY since DESC LIMIT 1)
  UNION ALL (SELECT since, reason FROM lane_wait
    WHERE queue = $1 AND owner = $2 AND since > $3 AND since < $4 ORDER BY since)`
export const lastUnblocked =
  "SELECT max(at) AS at FROM job_event WHERE job_id = $1 AND type = 'unblocked' AND at >= $2"

export const waits =
  (engine: Engine): JobStore['waits'] =>
  async (id, scope) => {
    const { database } = engine
    const [row] = await database.query<JobRow>('SELECT * FROM job WHERE id = $1', [id])
    if (row === undefined || (scope !== 'everyone' && row.owner !== scope.owner)) return undefined
    const { queue, owner, ready_at: ready } = row
    const end = row.started_at ?? row.completed_at ?? Number.MAX_SAFE_INTEGER
    const [unblocked, log] = await Promise.all([
      database.query<{ at: number | null }>(lastUnblocked, [id, row.queued_at]),
      ready === null ? [] : database.query<LaneWait>(reasonsFrom, [queue, owner, ready, end]),
    ])
    const first: LaneWait = { since: 0, reason: 'slots' }
    const hasFirst = ready !== null && (log[0]?.since ?? Infinity) <= ready
    return waitsOf(row, unblocked[0]?.at ?? undefined, hasFirst ? log : [first, ...log])
  }
