import type { SweepReport } from '../engine.ts'
import type { JobRow } from '../row.ts'
import { problemOf, type Decision, type Given } from './decision.ts'
import { failAttempt, loseAttempt } from './failure.ts'

/** Takes a lease away from a worker that no longer answers, and decides what becomes of the job. */
export function takeLease(row: JobRow, why: string, given: Given): Decision {
  const problem = problemOf('worker-lost', why)
  if (row.publishing !== null && !given.settings.noRollForward) {
    // Its work is done and recorded; whoever claims it next only has to publish. Nothing to count.
    const event = { type: 'lost', data: { worker: row.lease_worker, publishing: true } }
    return { to: 'queued', events: [event], attemptEnd: { outcome: 'lost', problem } }
  }
  const outOfTime = row.deadline_at !== null && row.stop_told_at !== null
  if (outOfTime && row.cancel_requested_at === null) {
    const detail = `The attempt ran longer than ${row.timeout_ms} ms and did not stop when told.`
    return failAttempt(row, problemOf('timeout', detail), 'policy', given)
  }
  return loseAttempt(row, problem, given)
}

/** A SweepReport while it is made. */
export class Findings {
  readonly requeued: string[] = []
  readonly failed: string[] = []
  readonly cancelled: string[] = []
  readonly publishing: string[] = []
  due = 0

  /** Notes what became of a job that was waiting, or that lost its lease. */
  note({ id, state, publishing }: JobRow): void {
    if (state === 'failed' || state === 'cancelled') this[state].push(id)
    else if (publishing === null) this.requeued.push(id)
    else this.publishing.push(id)
  }
  report(): SweepReport {
    const { requeued, failed, cancelled, publishing, due } = this
    return { requeued, failed, cancelled, publishing, due }
  }
}
