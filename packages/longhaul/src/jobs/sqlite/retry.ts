import type { JobStore, RetryOutcome } from '../engine.ts'
import { isTerminal } from '../job.ts'
import type { JobRow } from '../row.ts'
import { decisiveEnd, hearOfEnd, retryJob, type RetryOf } from '../rules/index.ts'
import { laneClock } from './lane.ts'
import { scopedRow } from './scope.ts'
import { commit, type Engine, type Tx } from './transaction.ts'
import { transition } from './transition.ts'

export const retry =
  (engine: Engine): JobStore['retry'] =>
  (ids, from, scope = 'everyone', changes = {}) =>
    commit(engine, (tx) => {
      const rows = ids.map((id) => scopedRow(tx.connection, id, scope))
      // Known before the first is retried: those retried together wait for each other, in whatever order they are named.
      const retried = new Set(
        rows.flatMap((row) => (row !== undefined && isTerminal(row.state) ? [row.id] : [])),
      )
      const left = new Set(retried)
      return ids.map((id, index): RetryOutcome => {
        const row = rows[index]
        if (row === undefined) return { id, kind: 'unknown' }
        if (!left.delete(id)) return { id, kind: 'not-finished' }
        retryOne(tx, row, { from, changes }, retried)
        return { id, kind: 'retried' }
      })
    })

function retryOne(
  tx: Tx,
  row: JobRow,
  how: Pick<RetryOf, 'from' | 'changes'>,
  retried: ReadonlySet<string>,
): void {
  const dependencies = row.on_dependency === null ? [] : dependenciesOf(tx, row)
  const isOver = ({ id, state }: Dependency) => isTerminal(state) && !retried.has(id)
  for (const on of dependencies)
    tx.connection.run(
      'UPDATE dependency SET heard = ? WHERE job_id = ? AND on_id = ?',
      Number(isOver(on)),
      row.id,
      on.id,
    )
  const blockedBy = dependencies.filter((on) => !isOver(on)).length
  const runAfter = laneClock(tx, row.queue, row.owner)
  const after = transition(tx, row, retryJob(row, { ...how, runAfter, blockedBy }, tx))
  tx.connection.run('DELETE FROM job_progress WHERE job_id = ?', row.id)
  if (how.from === 'start') tx.connection.run('DELETE FROM job_checkpoint WHERE job_id = ?', row.id)
  const over = decisiveEnd(row, dependencies.filter(isOver))
  const decision = over && hearOfEnd(after, over, blockedBy, tx)
  if (decision !== undefined) transition(tx, after, decision)
}

type Dependency = Pick<JobRow, 'id' | 'state'>

/** Without those that have been removed: they had ended. */
const dependenciesOf = (tx: Tx, row: JobRow) =>
  tx.connection.all<Dependency>(
    'SELECT job.id, job.state FROM dependency d JOIN job ON job.id = d.on_id WHERE d.job_id = ?',
    row.id,
  )
