import type { RetryChanges } from '../engine.ts'
import type { JobParams } from '../job.ts'
import { parse, type JobRow } from '../row.ts'
import type { Decision, Given } from './decision.ts'
import { rankOf } from './rank.ts'

export interface RetryOf {
  readonly from: 'checkpoint' | 'start'
  readonly changes: RetryChanges
  readonly runAfter: number
  /** Dependencies that have not ended. */
  readonly blockedBy: number
}

/**
 * A new life under the old id, at the end of its lane. `attempt` and the event numbers go on. Its latest start was for the first life.
 */
export const retryJob = (
  row: JobRow,
  { from, changes, runAfter, blockedBy }: RetryOf,
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
    ...paramsAfter(row, changes),
  },
  events: [{ type: 'retried', data: { from, ...saidOf(changes) } }],
})

/** Others keep theirs as they were written: parameters may be long. */
function paramsAfter(row: JobRow, { memoryBytes }: RetryChanges): { readonly params?: string } {
  if (memoryBytes === undefined) return {}
  return { params: JSON.stringify({ ...parse<JobParams>(row.params), memoryBytes }) }
}

const saidOf = ({ memoryBytes }: RetryChanges) =>
  memoryBytes === undefined ? {} : { memory_bytes: memoryBytes }
