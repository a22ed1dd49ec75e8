import type { QueueHistory } from '../engine.ts'
import type { JobState } from '../job.ts'

/** Finished jobs of one queue that its history looks at, at most. */
export const historyDepth = 10_000

export interface FinishedRow {
  readonly queue: string
  readonly state: JobState
  readonly queued_at: number
  readonly started_at: number | null
  readonly completed_at: number
}

/** Counts and middle values of a queue's finished jobs. A job that never started has no times. */
export function historyOf(queue: string, rows: readonly FinishedRow[]): QueueHistory {
  const waits: number[] = []
  const runs: number[] = []
  for (const { queued_at, started_at, completed_at } of rows) {
    if (started_at === null) continue
    waits.push(Math.max(0, started_at - queued_at))
    runs.push(Math.max(0, completed_at - started_at))
  }
  return {
    queue,
    finished: rows.length,
    failed: rows.filter((row) => row.state === 'failed').length,
    ...quantiles('wait', waits),
    ...quantiles('run', runs),
  }
}

function quantiles(name: 'wait' | 'run', values: number[]): Partial<QueueHistory> {
  if (values.length === 0) return {}
  const sorted = values.sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0
  return { [`${name}P50`]: at(0.5), [`${name}P95`]: at(0.95) }
}
