import type { JobRow } from '../row.ts'

/** States that a lane counts, in the order of its columns. */
export const countedStates = [
  'queued',
  'running',
  'retry_wait',
  'paused',
  'completed',
  'failed',
  'cancelled',
] as const

export type Counted = Pick<JobRow, 'state' | 'wake_at' | 'blocked_by' | 'publishing'>

/** Whether the head of its lane could be this job. The same words as the index job_ready. */
export const isReady = (row: Counted): boolean =>
  row.state === 'queued' && row.wake_at === null && row.blocked_by === 0 && row.publishing === null

/** By how much the counters of a lane change; `states` in the order of countedStates. */
export interface Move {
  readonly ready: number
  readonly states: readonly number[]
}

/** What one transition does to the counters of its lane; undefined row = not there; undefined answer = nothing. */
export function moveOf(before: Counted | undefined, after: Counted | undefined): Move | undefined {
  const one = (yes: boolean | undefined): number => (yes === true ? 1 : 0)
  const ready = one(after && isReady(after)) - one(before && isReady(before))
  const states = countedStates.map(
    (state) => one(after?.state === state) - one(before?.state === state),
  )
  return ready === 0 && states.every((change) => change === 0) ? undefined : { ready, states }
}

export const sumOfMoves = (a: Move, b: Move): Move => ({
  ready: a.ready + b.ready,
  states: a.states.map((change, index) => change + (b.states[index] ?? 0)),
})
