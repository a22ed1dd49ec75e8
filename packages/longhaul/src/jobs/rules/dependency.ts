import type { JobState } from '../job.ts'
import type { JobRow } from '../row.ts'
import { problemOf, type Decision, type Given } from './decision.ts'
import { readyAt } from './due.ts'
import { failJob } from './failure.ts'

/** How many dependants one transaction tells of an end; `dependants_due` keeps the others for the next. */
export const dependantsAtOnce = 500

interface On {
  readonly id: string
  readonly state: JobState
}

/**
 * What a job makes of the end of one that it depends on. `blockedBy` counts those that go on. Undefined: nothing, it has
 * ended or started itself.
 */
export function hearOfEnd(
  row: JobRow,
  on: On,
  blockedBy: number,
  { now }: Given,
): Decision | undefined {
  if (row.state !== 'queued' || row.started_at !== null) return undefined
  if (on.state !== 'completed' && row.on_dependency !== 'any') return endWith(on)
  return {
    to: 'queued',
    set: { blocked_by: blockedBy, ...(row.wake_at === null ? readyAt(row, blockedBy, now) : {}) },
    events: blockedBy === 0 ? [{ type: 'unblocked' }] : [],
  }
}

/** Of dependencies that have ended: the one that decides over a new or retried job. A failure before a cancel. */
export function decisiveEnd(row: Pick<JobRow, 'on_dependency'>, ended: readonly On[]) {
  if (row.on_dependency === 'any') return undefined
  return (
    ended.find(({ state }) => state === 'failed') ??
    ended.find(({ state }) => state === 'cancelled')
  )
}

function endWith(on: On): Decision {
  if (on.state === 'cancelled') {
    const reason = `Job ${on.id}, on which it depends, was cancelled.`
    return { to: 'cancelled', events: [{ type: 'cancelled', data: { reason } }] }
  }
  const detail = `Job ${on.id}, on which this one depends, failed.`
  return failJob(problemOf('dependency-failed', detail))
}
