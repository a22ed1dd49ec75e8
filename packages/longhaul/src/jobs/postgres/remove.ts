import { LonghaulError } from '../../errors/index.ts'
import type { JobUpkeep } from '../engine.ts'
import { isTerminal } from '../job.ts'
import type { JobRow } from '../row.ts'
import { moveOf } from '../rules/index.ts'
import { commit } from './commit.ts'
import { tellDependants } from './dependants.ts'
import { clock } from './clock.ts'
import { holdJobs } from './hold.ts'
import type { Engine, Tx } from './tx.ts'

/** Finished jobs only: a running one has a worker, a queued one an owner who expects an answer. Unknown ids are no error. */
export const remove =
  (engine: Engine): JobUpkeep['remove'] =>
  async (ids) => {
    await tellBeforeRemoval(engine, ids)
    await commit(engine, async (tx) => {
      const rows = [...(await holdJobs(tx, ids)).values()]
      for (const { id, state } of rows)
        if (!isTerminal(state))
          throw new LonghaulError('job-not-finished', `Job ${id} is ${state}; cancel it first.`)
      deleteJobs(tx, rows)
    })
  }

export const oldestFinished = `SELECT id FROM job WHERE completed_at IS NOT NULL AND completed_at <= ${clock} - $1
  ORDER BY completed_at LIMIT $2`
/** What no stored job's wait can still be told by; the newest of each lane stays, for the next job. */
export const oldReasons = `DELETE FROM lane_wait WHERE (queue, owner, since) IN (
  SELECT queue, owner, since FROM lane_wait w
  WHERE since < (SELECT queued_at FROM job ORDER BY seq LIMIT 1)
    AND EXISTS (SELECT 1 FROM lane_wait n WHERE n.queue = w.queue AND n.owner = w.owner AND n.since > w.since
      AND n.since < (SELECT queued_at FROM job ORDER BY seq LIMIT 1))
  ORDER BY since LIMIT $1)`

export const prune =
  (engine: Engine): JobUpkeep['prune'] =>
  async (limit) => {
    const { retentionMs } = engine.settings
    if (!Number.isFinite(retentionMs)) return 0
    const old = await engine.database.query<{ id: string }>(oldestFinished, [retentionMs, limit])
    const ids = old.map(({ id }) => id)
    if (ids.length === 0) return 0
    await tellBeforeRemoval(engine, ids)
    return commit(engine, async (tx) => {
      // Retried in between: it has a new life.
      const rows = [...(await holdJobs(tx, ids)).values()].filter(({ state }) => isTerminal(state))
      deleteJobs(tx, rows)
      tx.more.push({ text: oldReasons, values: [10 * limit] })
      return rows.length
    })
  }

/** Those who have yet to hear of their ends: afterwards there is nobody to tell them. */
async function tellBeforeRemoval(engine: Engine, ids: readonly string[]): Promise<void> {
  const due = await engine.database.query<{ on_id: string }>(
    'SELECT on_id FROM dependants_due WHERE on_id = ANY ($1)',
    [ids],
  )
  if (due.length > 0)
    await tellDependants(
      engine,
      due.map((row) => row.on_id),
    )
}

const tablesOfJobs = [
  'attempt',
  'job_event',
  'job_progress',
  'job_checkpoint',
  'dependency',
  'outbox',
  'result_reuse',
]

/** Attempts, events, checkpoints and progress go with the row. */
function deleteJobs(tx: Tx, rows: readonly JobRow[]): void {
  if (rows.length === 0) return
  for (const row of rows) {
    const move = moveOf(row, undefined)
    if (move !== undefined) tx.count(row.queue, row.owner, move)
    tx.notify({ kind: 'changed', jobId: row.id })
  }
  const ids = rows.map(({ id }) => id)
  for (const table of tablesOfJobs)
    tx.more.push({ text: `DELETE FROM ${table} WHERE job_id = ANY ($1)`, values: [ids] })
  const seqs = rows.map(({ seq }) => seq)
  tx.more.push({ text: 'DELETE FROM job_tag WHERE seq = ANY ($1)', values: [seqs] })
  tx.more.push({ text: 'DELETE FROM job WHERE id = ANY ($1)', values: [ids] })
}
