import type { Actor, CancelOutcome } from '../engine.ts'
import { isTerminal, type JobState } from '../job.ts'
import type { JobRow } from '../row.ts'
import type { Decision, Given } from './decision.ts'

/** Undefined: nothing changes, it has ended or was asked before. */
export function cancelJob(row: JobRow, by: Actor, { now }: Given): Decision | undefined {
  if (isTerminal(row.state) || row.cancel_requested_at !== null) return undefined
  const data = by.reason === undefined ? {} : { reason: by.reason }
  // A publication that has begun goes through; the request is on record all the same.
  const atOnce = row.state !== 'running' && row.publishing === null
  return {
    to: atOnce ? 'cancelled' : row.state,
    set: { cancel_requested_at: now },
    events: [{ type: atOnce ? 'cancelled' : 'cancel_requested', data }],
  }
}

/** The answer for the state in which the request left the job. */
export function cancelOutcome(id: string, state: JobState): CancelOutcome {
  if (state === 'cancelled') return { id, kind: 'cancelled', state }
  return { id, kind: isTerminal(state) ? 'finished' : 'requested', state }
}
