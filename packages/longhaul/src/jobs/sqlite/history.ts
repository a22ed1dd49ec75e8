import type { JobUpkeep } from '../engine.ts'
import { historyDepth, historyOf, type FinishedRow } from '../rules/index.ts'
import type { Engine } from './tx.ts'

/** Newest first, from the index alone. */
export const finishedSince = `SELECT queue, state, queued_at, started_at, completed_at FROM job INDEXED BY job_completed
  WHERE completed_at IS NOT NULL AND completed_at >= ? ORDER BY completed_at DESC LIMIT ?`
/** Of all queues together: a busy one may hide an idle one's older jobs, but no look takes longer. */
const mostRows = 2 * historyDepth

export const history =
  (engine: Engine): JobUpkeep['history'] =>
  async (sinceMs) => {
    const queues = new Map<string, FinishedRow[]>()
    for (const row of engine.database.reader.all<FinishedRow>(finishedSince, sinceMs, mostRows)) {
      const rows = queues.get(row.queue) ?? []
      queues.set(row.queue, rows)
      if (rows.length < historyDepth) rows.push(row)
    }
    return [...queues.keys()].sort().map((queue) => historyOf(queue, queues.get(queue) ?? []))
  }
