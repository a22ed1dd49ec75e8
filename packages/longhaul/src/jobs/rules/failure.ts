import type { Problem } from '@longhaul/protocol'
import type { AttemptUsage, Outcome } from '../engine.ts'
import type { JobRow } from '../row.ts'
import {
  asJson,
  boundedMs,
  problemOf,
  type AttemptEnd,
  type Decision,
  type EventToAdd,
  type Given,
} from './decision.ts'
import { rankOf } from './rank.ts'

type Retry = Exclude<Extract<Outcome, { kind: 'failed' }>['retry'], 'lost'>

/** An attempt that the processor failed, or that ran out of time: counted against max_failures. */
export function failAttempt(
  row: JobRow,
  problem: Problem,
  retry: Retry,
  { now, settings }: Given,
  usage?: AttemptUsage,
): Decision {
  const outcome = problem.code === 'timeout' ? 'timeout' : 'failed'
  const attemptEnd: AttemptEnd = { outcome, problem, usage }
  const failures = row.failures + 1
  if (retry === 'never' || failures >= row.max_failures)
    return { ...failJob(problem, { failures }), attemptEnd }
  if (row.cancel_requested_at !== null) return { ...cancelInstead({ failures }), attemptEnd }
  const waitMs = retry === 'policy' ? settings.backoff(failures, row.id) : retry.afterMs
  const runAfter = now + boundedMs(waitMs)
  return {
    to: 'retry_wait',
    set: {
      failures,
      publishing: null,
      run_after: runAfter,
      wake_at: runAfter,
      rank_at: rankOf(runAfter, row.priority),
    },
    events: [{ type: 'retry_wait', data: { problem: asJson(problem), run_after: runAfter } }],
    attemptEnd,
  }
}

/** An attempt whose worker or process went away: counted apart, tried again at once and in its old place. */
export function loseAttempt(
  row: JobRow,
  problem: Problem,
  { settings }: Given,
  usage?: AttemptUsage,
): Decision {
  const attemptEnd: AttemptEnd = { outcome: 'lost', problem, usage }
  const lost = row.lost + 1
  const event = { type: 'lost', data: { worker: row.lease_worker, detail: problem.detail } }
  if (row.cancel_requested_at !== null) return { ...cancelInstead({ lost }, [event]), attemptEnd }
  if (lost >= settings.lostLimit) {
    const detail = `The job's worker or process was lost ${lost} times. The last time: ${problem.detail}`
    return { ...failJob(problemOf('worker-lost', detail), { lost }, [event]), attemptEnd }
  }
  return { to: 'queued', set: { lost, publishing: null }, events: [event], attemptEnd }
}

type Counters = Partial<Pick<JobRow, 'failures' | 'lost'>>

/** The job ends as failed; its attempt, if it has one, is the caller's to end. */
export const failJob = (
  problem: Problem,
  counters: Counters = {},
  before: readonly EventToAdd[] = [],
): Decision => ({
  to: 'failed',
  set: { ...counters, publishing: null, problem: JSON.stringify(problem) },
  events: [...before, { type: 'failed', data: { problem: asJson(problem) } }],
})

/** It would run again, but somebody has asked for its end. */
const cancelInstead = (counters: Counters, before: readonly EventToAdd[] = []): Decision => ({
  to: 'cancelled',
  set: { ...counters, publishing: null },
  events: [...before, { type: 'cancelled' }],
})
