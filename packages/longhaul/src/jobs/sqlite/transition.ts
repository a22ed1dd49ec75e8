import { LonghaulError } from '../../errors/index.ts'
import { isTerminal } from '../job.ts'
import type { JobRow } from '../row.ts'
import { columnsOf, type Decision } from '../rules/index.ts'
import { endAttempt } from './attempt.ts'
import { insertEvents } from './events.ts'
import { countTransition } from './lane.ts'
import { insertCallback } from './outbox.ts'
import type { Tx } from './tx.ts'

/**
 * The one place where a job changes its state: row, events, attempt, lane counters and the lease's end together. Callers
 * have read the row in the same transaction, so it is the truth; SQLite has one writer.
 */
export function transition(tx: Tx, before: JobRow, decision: Decision): JobRow {
  const columns = columnsOf(before, decision, tx.now)
  const names = Object.keys(columns)
  const changed = tx.connection.run(
    `UPDATE job SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE seq = ?`,
    ...Object.values(columns),
    before.seq,
  )
  if (changed !== 1) throw new LonghaulError('internal', `Job ${before.id} disappeared`)
  const after: JobRow = { ...before, ...columns }
  if (decision.attemptEnd !== undefined) endAttempt(tx, before, decision.attemptEnd)
  insertEvents(tx, after, decision.events)
  countTransition(tx, before, after)
  insertCallback(tx, before, after)
  tx.notify({ kind: 'changed', jobId: after.id, state: after.state })
  // A job to take, or a slot that a fleet-wide limit kept from another.
  if (after.state === 'queued' || (before.state === 'running' && after.state !== 'running'))
    tx.notify({ kind: 'queued', queue: after.queue })
  if (isTerminal(after.state) && !isTerminal(before.state)) tx.ended.push(after)
  return after
}
