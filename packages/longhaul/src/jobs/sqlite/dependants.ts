import { isTerminal } from '../job.ts'
import type { JobRow } from '../row.ts'
import { dependantsAtOnce, hearOfEnd } from '../rules/index.ts'
import { transition } from './transition.ts'
import type { Tx } from './tx.ts'

export const unheardDependants = `SELECT job.* FROM dependency d INDEXED BY dependency_on JOIN job ON job.id = d.job_id
  WHERE d.on_id = ? AND d.heard = 0 LIMIT ?`

/**
 * Tells the dependants of jobs that ended, and theirs when they end by it: so many in this transaction; `dependants_due`
 * remembers whose others have yet to hear.
 */
export function tellDependants(tx: Tx, atMost: number = dependantsAtOnce): void {
  let budget = atMost
  for (let on = tx.ended.shift(); on !== undefined; on = tx.ended.shift()) {
    const rows = budget === 0 ? [] : unheardOf(tx, on.id, budget)
    for (const row of rows) tellOne(tx, row, on)
    budget -= rows.length
    if (budget === 0 && unheardOf(tx, on.id, 1).length > 0)
      tx.connection.run(
        'INSERT INTO dependants_due (on_id) VALUES (?) ON CONFLICT DO NOTHING',
        on.id,
      )
  }
}

export const hasUnheard =
  'SELECT 1 FROM dependency INDEXED BY dependency_on WHERE on_id = ? AND heard = 0 LIMIT 1'

/** Most jobs have none: asked for cheaply first. */
const unheardOf = (tx: Tx, id: string, limit: number): readonly JobRow[] =>
  tx.connection.get(hasUnheard, id) === undefined
    ? []
    : tx.connection.all<JobRow>(unheardDependants, id, limit)

function tellOne(tx: Tx, row: JobRow, on: JobRow): void {
  tx.connection.run('UPDATE dependency SET heard = 1 WHERE job_id = ? AND on_id = ?', row.id, on.id)
  const decision = hearOfEnd(row, on, row.blocked_by - 1, tx)
  if (decision !== undefined) transition(tx, row, decision)
}

export const dueEnds = 'SELECT on_id FROM dependants_due LIMIT ?'

/** Takes up what was left over: the commit's own `tellDependants` does the work. Answers whether there was any. */
export function takeDueEnds(tx: Tx): boolean {
  const [due] = tx.connection.all<{ on_id: string }>(dueEnds, 1)
  if (due === undefined) return false
  tx.connection.run('DELETE FROM dependants_due WHERE on_id = ?', due.on_id)
  const on = tx.connection.get<JobRow>('SELECT * FROM job WHERE id = ?', due.on_id)
  // Retried in between, its dependants hear of its next end.
  if (on !== undefined && isTerminal(on.state)) tx.ended.push(on)
  return true
}

/** All that are left, however many: the job's row is about to go. */
export function tellBeforeRemoval(tx: Tx, on: JobRow): void {
  const gone = tx.connection.run('DELETE FROM dependants_due WHERE on_id = ?', on.id)
  if (gone > 0)
    for (const row of unheardOf(tx, on.id, Number.MAX_SAFE_INTEGER)) tellOne(tx, row, on)
}
