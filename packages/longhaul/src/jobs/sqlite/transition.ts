import { LonghaulError } from '../../errors/index.ts'
import { isTerminal } from '../job.ts'
import { toJob, type JobRow } from '../row.ts'
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
  const changed = tx.connection.run(
    updateOf(Object.keys(columns)),
    ...Object.values(columns),
    before.seq,
  )
  if (changed !== 1) throw new LonghaulError('internal', `Job ${before.id} disappeared`)
  const after: JobRow = { ...before, ...columns }
  if (decision.attemptEnd !== undefined) endAttempt(tx, before, decision.attemptEnd)
  insertEvents(tx, after, decision.events)
  countTransition(tx, before, after)
  insertCallback(tx, before, after)
  if (after.state === 'queued') tx.notify({ kind: 'queued', queue: after.queue })
  const ended = isTerminal(after.state) && !isTerminal(before.state)
  if (ended) tx.ended.push(after)
  const job = ended && isWhole(tx, after) ? { ended: toJob(after) } : {}
  tx.notify({ kind: 'changed', jobId: after.id, state: after.state, ...job })
  return after
}

const longChars = 4096
const hasProgress = 'SELECT 1 FROM job_progress WHERE job_id = ?'

/** Whether the row says all that a Job tells. Who waits for the end of a short job then need not look for it; long ones are not read for nothing. */
const isWhole = (tx: Tx, { id, on_dependency, params, result, problem }: JobRow): boolean =>
  on_dependency === null &&
  params.length + (result?.length ?? 0) + (problem?.length ?? 0) < longChars &&
  tx.connection.get(hasProgress, id) === undefined

const updates = new Map<string, string>()

/** Each set of columns has its statement, made once. */
function updateOf(names: readonly string[]): string {
  const key = names.join()
  let text = updates.get(key)
  if (text === undefined) {
    text = `UPDATE job SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE seq = ?`
    updates.set(key, text)
  }
  return text
}
