import type { Problem, ProblemCode } from '@longhaul/protocol'
import { LonghaulError, toProblem } from '../../errors/index.ts'
import type { AttemptUsage, Outcome } from '../engine.ts'
import { endAttempt } from './attempt.ts'
import { rankOf } from './submit.ts'
import type { EventToAdd } from './events.ts'
import type { JobRow } from './row.ts'
import type { Tx } from './transaction.ts'
import { transition } from './transition.ts'

type Retry = Extract<Outcome, { kind: 'failed' }>['retry']

export const problemOf = (code: ProblemCode, detail: string): Problem =>
  toProblem(new LonghaulError(code, detail))

/** An attempt that the processor failed, or that ran out of time: counted against max_failures. */
export function failAttempt(
  tx: Tx,
  row: JobRow,
  problem: Problem,
  retry: Exclude<Retry, 'lost'>,
  usage?: AttemptUsage,
): JobRow {
  const outcome = problem.code === 'timeout' ? 'timeout' : 'failed'
  endAttempt(tx, row, { outcome, problem, usage })
  const failures = row.failures + 1
  if (retry === 'never' || failures >= row.max_failures) return fail(tx, row, problem, { failures })
  if (row.cancel_requested_at !== null) return cancelInstead(tx, row, { failures })
  const waitMs = retry === 'policy' ? tx.settings.backoff(failures, row.id) : retry.afterMs
  const runAfter = tx.now + Math.max(0, Math.round(waitMs))
  return transition(tx, row, {
    to: 'retry_wait',
    set: {
      failures,
      publishing: null,
      run_after: runAfter,
      wake_at: runAfter,
      rank_at: rankOf(runAfter, row.priority),
    },
    events: [{ type: 'retry_wait', data: { problem: asJson(problem), run_after: runAfter } }],
  })
}

/** An attempt whose worker or process went away: counted apart, tried again at once and in its old place. */
export function loseAttempt(
  tx: Tx,
  row: JobRow,
  problem: Problem,
  usage?: AttemptUsage,
): 'queued' | 'failed' | 'cancelled' {
  endAttempt(tx, row, { outcome: 'lost', problem, usage })
  const lost = row.lost + 1
  const event = { type: 'lost', data: { worker: row.lease_worker, detail: problem.detail } }
  if (row.cancel_requested_at !== null) {
    cancelInstead(tx, row, { lost }, [event])
    return 'cancelled'
  }
  if (lost >= tx.settings.lostLimit) {
    const detail = `The job's worker or process was lost ${lost} times. The last time: ${problem.detail}`
    fail(tx, row, problemOf('worker-lost', detail), { lost }, [event])
    return 'failed'
  }
  transition(tx, row, { to: 'queued', set: { lost, publishing: null }, events: [event] })
  return 'queued'
}

type Counters = Partial<Pick<JobRow, 'failures' | 'lost'>>

function fail(
  tx: Tx,
  row: JobRow,
  problem: Problem,
  counters: Counters,
  before: readonly EventToAdd[] = [],
): JobRow {
  return transition(tx, row, {
    to: 'failed',
    set: { ...counters, publishing: null, problem: JSON.stringify(problem) },
    events: [...before, { type: 'failed', data: { problem: asJson(problem) } }],
  })
}

/** It would run again, but somebody has asked for its end. */
function cancelInstead(
  tx: Tx,
  row: JobRow,
  counters: Counters,
  before: readonly EventToAdd[] = [],
): JobRow {
  const events = [...before, { type: 'cancelled' }]
  return transition(tx, row, { to: 'cancelled', set: { ...counters, publishing: null }, events })
}

const asJson = (problem: Problem) => JSON.parse(JSON.stringify(problem)) as Record<string, never>
