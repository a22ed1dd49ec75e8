import type { JobUpkeep } from '../engine.ts'
import { historyDepth, historyOf, type FinishedRow } from '../rules/index.ts'
import type { Engine } from './tx.ts'

/** Of all queues together: a busy one may hide an idle one's older jobs, but no look takes longer. */
const mostRows = 5 * historyDepth
/** Newest first, from the index alone. */
export const finishedSince = `SELECT queue, state, queued_at, started_at, completed_at FROM job
  WHERE completed_at IS NOT NULL AND completed_at >= $1 ORDER BY completed_at DESC LIMIT ${mostRows}`

export const history =
  (engine: Engine): JobUpkeep['history'] =>
  async (sinceMs) => {
    const queues = new Map<string, FinishedRow[]>()
    for (const row of await engine.database.query<FinishedRow>(finishedSince, [sinceMs])) {
      const rows = queues.get(row.queue) ?? []
      queues.set(row.queue, rows)
      if (rows.length < historyDepth) rows.push(row)
    }
    return [...queues].sort().map(([queue, rows]) => historyOf(queue, rows))
  }
