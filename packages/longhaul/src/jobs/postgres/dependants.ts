import { isTerminal } from '../job.ts'
import type { JobRow } from '../row.ts'
import { dependantsAtOnce, hearOfEnd } from '../rules/index.ts'
import { commitOnce } from './commit-once.ts'
import { current, holdJobs } from './hold.ts'
import { rowArrays } from './row-arrays.ts'
import { transition } from './transition.ts'
import type { Engine, Tx } from './tx.ts'

interface Pair {
  readonly job_id: string
  readonly on_id: string
}
export const unheardPairs = `SELECT job_id, on_id FROM dependency
  WHERE on_id = ANY ($1) AND heard = 0 LIMIT ${dependantsAtOnce}`

/**
 * Tells the dependants of jobs that ended, and theirs when they end by it. In transactions after the one that ended the
 * jobs: dependants lie in other queues, whose locks come before the locks of jobs. `dependants_due` committed with the end,
 * so that whoever dies in between leaves the rest to a sweep.
 */
export async function tellDependants(engine: Engine, ids: readonly string[]): Promise<void> {
  const left = new Set(ids)
  while (left.size > 0) {
    const some = [...left].slice(0, dependantsAtOnce)
    const pairs = await engine.database.query<Pair>(unheardPairs, [some])
    const { answer: told, ends } = await commitOnce(engine, (tx) => tellPairs(tx, some, pairs))
    for (const id of told) left.delete(id)
    for (const id of ends) left.add(id)
  }
}

/** Answers whose dependants have all heard by now. */
async function tellPairs(
  tx: Tx,
  ids: readonly string[],
  pairs: readonly Pair[],
): Promise<readonly string[]> {
  const held = await holdJobs(tx, [...new Set([...pairs.map(({ job_id }) => job_id), ...ids])])
  // Somebody else may have told some of them before we held their rows.
  const unheard = await stillUnheard(tx, pairs)
  for (const { job_id, on_id } of unheard) tellOne(tx, held, job_id, on_id)
  const { source, values } = rowArrays(unheard, ['job_id', 'on_id'])
  if (unheard.length > 0)
    tx.more.push({
      text: `UPDATE dependency d SET heard = 1 FROM ${source} WHERE d.job_id = c.job_id AND d.on_id = c.on_id`,
      values,
    })
  // A full batch: there may be more, and they are looked for once more.
  if (pairs.length === dependantsAtOnce) return []
  tx.more.push({ text: 'DELETE FROM dependants_due WHERE on_id = ANY ($1)', values: [ids] })
  return ids
}

const stillUnheard = (tx: Tx, pairs: readonly Pair[]): Promise<readonly Pair[]> => {
  const { source, values } = rowArrays(pairs, ['job_id', 'on_id'])
  return tx.session.query<Pair>(
    `SELECT d.job_id, d.on_id FROM ${source} JOIN dependency d ON d.job_id = c.job_id AND d.on_id = c.on_id
     WHERE d.heard = 0`,
    values,
  )
}

function tellOne(tx: Tx, held: ReadonlyMap<string, JobRow>, id: string, onId: string): void {
  const row = current(tx, held, id)
  const on = held.get(onId)
  // Retried in between, it will tell of its next end; removed, it had told of its last one.
  if (row === undefined || on === undefined || !isTerminal(on.state)) return
  // It waited until the other one ended, not until it was told.
  const at = Math.max(on.completed_at ?? tx.now, row.queued_at)
  const decision = hearOfEnd(row, on, row.blocked_by - 1, { now: at, settings: tx.settings })
  if (decision !== undefined) transition(tx, row, decision, at)
}
