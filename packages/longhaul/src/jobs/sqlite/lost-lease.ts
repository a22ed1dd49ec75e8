import type { SweepReport } from '../engine.ts'
import { endAttempt } from './attempt.ts'
import { failAttempt, loseAttempt, problemOf } from './failure.ts'
import type { JobRow } from './row.ts'
import type { Tx } from './transaction.ts'
import { transition } from './transition.ts'

/** A SweepReport while it is made. */
export class Findings {
  readonly requeued: string[] = []
  readonly failed: string[] = []
  readonly cancelled: string[] = []
  readonly publishing: string[] = []
  due = 0

  report(): SweepReport {
    const { requeued, failed, cancelled, publishing, due } = this
    return { requeued, failed, cancelled, publishing, due }
  }
}

/** Takes a lease away from a worker that no longer answers, and decides what becomes of the job. */
export function takeLease(tx: Tx, row: JobRow, why: string, findings: Findings): void {
  if (row.publishing !== null && !tx.settings.noRollForward) {
    // Its work is done and recorded; whoever claims it next only has to publish. Nothing to count.
    const problem = problemOf('worker-lost', why)
    endAttempt(tx, row, { outcome: 'lost', problem })
    const event = { type: 'lost', data: { worker: row.lease_worker, publishing: true } }
    transition(tx, row, { to: 'queued', events: [event] })
    findings.publishing.push(row.id)
    return
  }
  const outOfTime = row.deadline_at !== null && row.stop_told_at !== null
  if (outOfTime && row.cancel_requested_at === null) {
    const detail = `The attempt ran longer than ${row.timeout_ms} ms and did not stop when told.`
    const after = failAttempt(tx, row, problemOf('timeout', detail), 'policy')
    if (after.state === 'failed') findings.failed.push(row.id)
    else findings.requeued.push(row.id)
    return
  }
  const end = loseAttempt(tx, row, problemOf('worker-lost', why))
  if (end === 'queued') findings.requeued.push(row.id)
  else findings[end].push(row.id)
}
