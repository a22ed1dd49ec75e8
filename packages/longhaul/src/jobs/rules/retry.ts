import type { JobRow } from '../row.ts'
import type { Decision, Given } from './decision.ts'
import { rankOf } from './rank.ts'

/**
 * A new life under the old id, at the end of its lane. `attempt` and the event numbers go on. `blockedBy`: dependencies
 * that have not ended. Its latest start was for the first life.
 */
export const retryJob = (
  row: JobRow,
  from: 'checkpoint' | 'start',
  runAfter: number,
  blockedBy: number,
  { now }: Given,
): Decision => ({
  to: 'queued',
  set: {
    failures: 0,
    lost: 0,
    run_after: runAfter,
    rank_at: rankOf(runAfter, row.priority),
    wake_at: null,
    blocked_by: blockedBy,
    queued_at: now,
    ready_at: blockedBy === 0 ? now : null,
    expires_at: null,
    cancel_requested_at: null,
    publishing: null,
    result: null,
    problem: null,
    started_at: null,
    ...(from === 'start' ? { checkpoint_at: null } : {}),
  },
  events: [{ type: 'retried', data: { from } }],
})
