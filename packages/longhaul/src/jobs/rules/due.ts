import type { JobRow } from '../row.ts'
import { problemOf, type Decision, type Given } from './decision.ts'
import { failJob } from './failure.ts'

/** A delay or a retry's wait is over. */
export const wakeJob = (row: JobRow, { now }: Given): Decision => ({
  to: 'queued',
  set: { wake_at: null, ...readyAt(row, row.blocked_by, now) },
  // A delayed job is queued before and after: no change of state, so no event.
  events: row.state === 'retry_wait' ? [{ type: 'queued' }] : [],
})

/** From now on only its lane keeps the job from its first start. */
export const readyAt = (row: JobRow, blockedBy: number, now: number) =>
  blockedBy === 0 && row.started_at === null && row.ready_at === null ? { ready_at: now } : {}

/** Whether its first start would come too late. */
export const isExpired = (row: JobRow, now: number): boolean =>
  row.state === 'queued' &&
  row.started_at === null &&
  row.expires_at !== null &&
  row.expires_at <= now

export const expireJob = (row: JobRow): Decision =>
  failJob(
    problemOf(
      'expired',
      `The job could not start within ${(row.expires_at ?? 0) - row.created_at} ms of its submission.`,
    ),
  )
