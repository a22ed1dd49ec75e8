import type { JobStore } from '../engine.ts'
import { waitsOf, type LaneWait } from '../rules/index.ts'
import { scopedRow } from './scope.ts'
import type { Engine } from './tx.ts'

export const reasonAt = `SELECT since, reason FROM lane_wait
  WHERE queue = ? AND owner = ? AND since <= ? ORDER BY since DESC LIMIT 1`
export const reasonsBetween = `SELECT since, reason FROM lane_wait
  WHERE queue = ? AND owner = ? AND since > ? AND since < ? ORDER BY since`

export const waits =
  (engine: Engine): JobStore['waits'] =>
  async (id, scope) => {
    const { reader } = engine.database
    const row = scopedRow(reader, id, scope)
    if (row === undefined) return undefined
    const unblocked = reader.get<{ at: number | null }>(
      "SELECT max(at) AS at FROM job_event WHERE job_id = ? AND type = 'unblocked' AND at >= ?",
      id,
      row.queued_at,
    )
    const ready = row.ready_at
    const first =
      ready === null ? undefined : reader.get<LaneWait>(reasonAt, row.queue, row.owner, ready)
    const later =
      ready === null
        ? []
        : reader.all<LaneWait>(
            reasonsBetween,
            row.queue,
            row.owner,
            ready,
            row.started_at ?? row.completed_at ?? Number.MAX_SAFE_INTEGER,
          )
    return waitsOf(row, unblocked?.at ?? undefined, [
      first ?? { since: 0, reason: 'slots' },
      ...later,
    ])
  }
