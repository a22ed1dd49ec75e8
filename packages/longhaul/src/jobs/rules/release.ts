import type { JobRow } from '../row.ts'
import type { Decision } from './decision.ts'

/** Back to its old place in the queue; a publication that has begun stays one. Nothing is counted. */
export function releaseAttempt(row: JobRow): Decision {
  const cancelled = row.cancel_requested_at !== null && row.publishing === null
  return {
    to: cancelled ? 'cancelled' : 'queued',
    events: [{ type: 'released' }, ...(cancelled ? [{ type: 'cancelled' }] : [])],
    attemptEnd: { outcome: 'released' },
  }
}
