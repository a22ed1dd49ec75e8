import type { JobStore, RetryOutcome } from '../engine.ts'
import { isTerminal } from '../job.ts'
import type { JobRow } from '../row.ts'
import { decisiveEnd, hearOfEnd, retryJob, type RetryOf } from '../rules/index.ts'
import { commit } from './commit.ts'
import { current, holdRows } from './hold.ts'
import { holdLanes, useClock, type LaneName } from './lanes.ts'
import { transition } from './transition.ts'
import type { Engine, Tx } from './tx.ts'

interface Pair {
  readonly job_id: string
  readonly on_id: string
}
const dependenciesOfAll = 'SELECT job_id, on_id FROM dependency WHERE job_id = ANY ($1)'

export const retry =
  (engine: Engine): JobStore['retry'] =>
  async (ids, from, scope = 'everyone', changes = {}) => {
    // A job's queue and owner never change, so its lane may be looked up before it is locked.
    const lanes = await engine.database.query<LaneName>(
      'SELECT DISTINCT queue, owner FROM job WHERE id = ANY ($1)',
      [ids],
    )
    if (lanes.length === 0) return ids.map((id) => ({ id, kind: 'unknown' }))
    return commit(engine, async (tx) => {
      const clocks = await holdLanes(tx, lanes)
      const pairs = await tx.session.query<Pair>(dependenciesOfAll, [ids])
      const held = await holdRows(tx, [...new Set([...ids, ...pairs.map(({ on_id }) => on_id)])])
      const mayRetry = (id: string) => {
        const row = held.get(id)
        return row !== undefined && (scope === 'everyone' || row.owner === scope.owner)
      }
      // Known before the first is retried: those retried together wait for each other, in whatever order they are named.
      const retried = new Set(
        ids.filter((id) => mayRetry(id) && isTerminal(held.get(id)?.state ?? 'queued')),
      )
      const left = new Set(retried)
      return ids.map((id): RetryOutcome => {
        const row = current(tx, held, id)
        if (row === undefined || !mayRetry(id)) return { id, kind: 'unknown' }
        if (!left.delete(id)) return { id, kind: 'not-finished' }
        // Without those that have been removed: they had ended.
        const on = pairs.flatMap((pair) => (pair.job_id === id ? (held.get(pair.on_id) ?? []) : []))
        retryOne(tx, row, on, { from, changes, retried, runAfter: useClock(tx, clocks, row) })
        return { id, kind: 'retried' }
      })
    })
  }

function retryOne(
  tx: Tx,
  row: JobRow,
  dependencies: readonly JobRow[],
  how: Omit<RetryOf, 'blockedBy'> & { readonly retried: ReadonlySet<string> },
): void {
  const isOver = ({ id, state }: JobRow) => isTerminal(state) && !how.retried.has(id)
  for (const on of dependencies)
    tx.more.push({
      text: 'UPDATE dependency SET heard = $1 WHERE job_id = $2 AND on_id = $3',
      values: [Number(isOver(on)), row.id, on.id],
    })
  const blockedBy = dependencies.filter((on) => !isOver(on)).length
  const after = transition(tx, row, retryJob(row, { ...how, blockedBy }, tx))
  tx.more.push({ text: 'DELETE FROM job_progress WHERE job_id = $1', values: [row.id] })
  if (how.from === 'start')
    tx.more.push({ text: 'DELETE FROM job_checkpoint WHERE job_id = $1', values: [row.id] })
  const over = decisiveEnd(row, dependencies.filter(isOver))
  const decision = over && hearOfEnd(after, over, blockedBy, tx)
  if (decision !== undefined) transition(tx, after, decision)
}
