import type { Problem, ProblemCode } from '@longhaul/protocol'
import { LonghaulError, toProblem } from '../../errors/index.ts'
import type { JsonObject } from '../../support/json.ts'
import type { EngineSettings } from '../engine-options.ts'
import type { AttemptUsage } from '../engine.ts'
import { isTerminal, type JobState } from '../job.ts'
import type { JobRow } from '../row.ts'

/** What a rule may look at besides the row: the database's clock, and the engine's settings. */
export interface Given {
  readonly now: number
  readonly settings: EngineSettings
}

/** An event to be; its number is the job's next one. */
export interface EventToAdd {
  readonly type: string
  readonly data?: JsonObject
}

export interface AttemptEnd {
  readonly outcome:
    'completed' | 'failed' | 'lost' | 'timeout' | 'cancelled' | 'released' | 'publishing'
  readonly problem?: Problem | undefined
  readonly usage?: AttemptUsage | undefined
}

export type Columns = Omit<JobRow, 'seq' | 'id' | 'queue' | 'owner' | 'created_at'>

/** What becomes of a job: its next state, other columns that change with it, events, and the end of its attempt. */
export interface Decision {
  readonly to: JobState
  readonly set?: Partial<Omit<Columns, 'state' | 'event_no'>>
  readonly events: readonly EventToAdd[]
  /** `publishing` is not the end of the attempt yet. */
  readonly attemptEnd?: AttemptEnd
}

/** The columns of a job that nobody holds. */
export const noLease = {
  lease_nonce: null,
  lease_worker: null,
  lease_expires_at: null,
  deadline_at: null,
  stop_told_at: null,
  silent_since: null,
} as const

/** Every column that the decision changes. The driver writes these, the events, and the counters of `moveOf`. */
export function columnsOf(row: JobRow, { to, set = {}, events }: Decision, now: number) {
  const ended = isTerminal(to)
  return {
    ...(to === 'running' ? {} : noLease),
    completed_at: ended ? now : null,
    ...(ended ? { wake_at: null } : {}),
    ...set,
    state: to,
    event_no: row.event_no + events.length,
    updated_at: now,
  } satisfies Partial<Columns>
}

/** The row as it is afterwards. */
export const decided = (row: JobRow, decision: Decision, now: number): JobRow => ({
  ...row,
  ...columnsOf(row, decision, now),
})

export const problemOf = (code: ProblemCode, detail: string): Problem =>
  toProblem(new LonghaulError(code, detail))

export const asJson = (problem: Problem): JsonObject =>
  JSON.parse(JSON.stringify(problem)) as JsonObject

const tenYearsMs = 10 * 365 * 86_400_000
/** A length of time that can be added to a clock: no NaN, nothing negative, no more than ten years. */
export const boundedMs = (ms: number): number => (ms > 0 ? Math.min(Math.round(ms), tenYearsMs) : 0)
