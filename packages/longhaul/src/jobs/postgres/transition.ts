import { isTerminal } from '../job.ts'
import type { JobRow } from '../row.ts'
import { callbackOf, decided, moveOf, type Decision, type EventToAdd } from '../rules/index.ts'
import type { Tx } from './tx.ts'

/**
 * The one place where a job changes its state: row, events, attempt, counters and the lease's end together. Callers have
 * read the row under its lock in the same transaction. Only notes it: see write-changes.ts.
 */
export function transition(tx: Tx, row: JobRow, decision: Decision, at = tx.now): JobRow {
  const after = decided(row, decision, at)
  keep(tx, row, after)
  if (decision.attemptEnd !== undefined) tx.attemptEnds.push({ row, end: decision.attemptEnd })
  addEvents(tx, after, decision.events, at)
  const callback = callbackOf(row, after, at)
  if (callback !== undefined) tx.callbacks.push(callback)
  const move = moveOf(row, after)
  if (move !== undefined) tx.count(row.queue, row.owner, move)
  tx.notify({ kind: 'changed', jobId: after.id, state: after.state })
  // A job to take, or a slot that a fleet-wide limit kept from another.
  if (after.state === 'queued' || (row.state === 'running' && after.state !== 'running'))
    tx.notify({ kind: 'queued', queue: after.queue })
  if (isTerminal(after.state) && !isTerminal(row.state)) tx.ended.push(after.id)
  return after
}

/** A job that was not there. */
export function create(tx: Tx, row: JobRow): void {
  tx.jobs.set(row.id, { before: undefined, after: row })
  addEvents(tx, row, [{ type: 'queued' }])
  const move = moveOf(undefined, row)
  if (move !== undefined) tx.count(row.queue, row.owner, move)
  tx.notify({ kind: 'changed', jobId: row.id, state: row.state })
  tx.notify({ kind: 'queued', queue: row.queue })
}

/** Remembers how a row was when the operation first saw it, and how it is now. */
export function keep(tx: Tx, before: JobRow, after: JobRow): void {
  const held = tx.jobs.get(after.id)
  if (held === undefined) tx.jobs.set(after.id, { before, after })
  else held.after = after
}

/**
 * Events whose numbers `row.event_no` has reserved in the same transaction. Per job, not global: a global sequence would
 * show a later number before an earlier one commits (engine.md §3).
 */
export function addEvents(tx: Tx, row: JobRow, events: readonly EventToAdd[], at = tx.now): void {
  events.forEach((event, index) => {
    tx.events.push({
      job_id: row.id,
      no: row.event_no - events.length + 1 + index,
      attempt: row.attempt,
      type: event.type,
      at,
      data: JSON.stringify(event.data ?? {}),
    })
  })
}
