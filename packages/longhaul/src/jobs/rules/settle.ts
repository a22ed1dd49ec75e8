import type { Json } from '../../support/json.ts'
import type { AttemptUsage, Outcome } from '../engine.ts'
import type { PendingOutput } from '../job.ts'
import type { JobRow } from '../row.ts'
import type { Decision, Given } from './decision.ts'
import { failAttempt, loseAttempt } from './failure.ts'

/** What the column `publishing` holds. */
export interface Publication {
  readonly result: Json
  readonly outputs: readonly PendingOutput[]
  readonly provenance?: string
}

/** What an outcome makes of the job; undefined: nothing, it was told before. */
export function settleAttempt(
  row: JobRow,
  outcome: Outcome,
  usage: AttemptUsage | undefined,
  given: Given,
): Decision | undefined {
  switch (outcome.kind) {
    case 'publishing':
      return beginPublication(row, outcome, usage, given)
    case 'completed':
      return {
        to: 'completed',
        set: { publishing: null, problem: null, result: JSON.stringify(outcome.result) },
        events: [{ type: 'completed', data: { outputs: outcome.result.outputs.length } }],
        attemptEnd: { outcome: 'completed', usage },
      }
    case 'failed':
      return outcome.retry === 'lost'
        ? loseAttempt(row, outcome.problem, given, usage)
        : failAttempt(row, outcome.problem, outcome.retry, given, usage)
    case 'cancelled':
      return {
        to: 'cancelled',
        set: { publishing: null },
        events: [{ type: 'cancelled' }],
        attemptEnd: { outcome: 'cancelled', usage },
      }
  }
}

/**
 * The point of no return: from here on any worker can finish the publication from what is recorded, and no zombie can
 * begin another. Told twice (an answer was lost), the first record stands.
 */
function beginPublication(
  row: JobRow,
  { result, outputs, provenance }: Publication,
  usage: AttemptUsage | undefined,
  { now, settings }: Given,
): Decision | undefined {
  if (row.publishing !== null) return undefined
  const lease = {
    lease_expires_at: now + settings.leaseMs,
    deadline_at: null,
    stop_told_at: null,
  }
  return {
    to: row.state,
    // Without the fence (tests only) the job may be anybody's, or nobody's.
    set: {
      publishing: JSON.stringify({ result, outputs, provenance }),
      ...(row.state === 'running' ? lease : {}),
    },
    events: [{ type: 'publishing', data: { outputs: outputs.length } }],
    attemptEnd: { outcome: 'publishing', usage },
  }
}
