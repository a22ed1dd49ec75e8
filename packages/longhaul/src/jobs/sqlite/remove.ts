import { LonghaulError } from '../../errors/index.ts'
import type { JobUpkeep } from '../engine.ts'
import { isTerminal } from '../job.ts'
import type { JobRow } from '../row.ts'
import { tellBeforeRemoval } from './dependants.ts'
import { countTransition } from './lane.ts'
import { scopedRow } from './scope.ts'
import { commit, type Engine, type Tx } from './transaction.ts'

/** Finished jobs only: a running one has a worker, a queued one an owner who expects an answer. Unknown ids are no error. */
export const remove =
  (engine: Engine): JobUpkeep['remove'] =>
  (ids) =>
    commit(engine, (tx) => {
      for (const id of ids) {
        const row = scopedRow(tx.connection, id, 'everyone')
        if (row === undefined) continue
        if (!isTerminal(row.state))
          throw new LonghaulError('job-not-finished', `Job ${id} is ${row.state}; cancel it first.`)
        deleteJob(tx, row)
      }
      forgetReasons(tx)
    })

export const oldestFinished = `SELECT * FROM job INDEXED BY job_completed
  WHERE completed_at IS NOT NULL AND completed_at <= ? ORDER BY completed_at LIMIT ?`
/** What no stored job's wait can still be told by; the newest of each lane stays, for the next job. */
export const oldReasons = `DELETE FROM lane_wait WHERE (queue, owner, since) IN (
  SELECT queue, owner, since FROM lane_wait w INDEXED BY lane_wait_since
  WHERE since < (SELECT queued_at FROM job ORDER BY seq LIMIT 1)
    AND EXISTS (SELECT 1 FROM lane_wait n WHERE n.queue = w.queue AND n.owner = w.owner AND n.since > w.since
      AND n.since < (SELECT queued_at FROM job ORDER BY seq LIMIT 1))
  ORDER BY since LIMIT ?)`

export const prune =
  (engine: Engine): JobUpkeep['prune'] =>
  async (limit) => {
    const { retentionMs } = engine.settings
    if (!Number.isFinite(retentionMs)) return 0
    return commit(engine, (tx) => {
      const rows = tx.connection.all<JobRow>(oldestFinished, tx.now - retentionMs, limit)
      for (const row of rows) deleteJob(tx, row)
      forgetReasons(tx)
      return rows.length
    })
  }

const forgetReasons = (tx: Tx) => tx.connection.run(oldReasons, 1000)

/** Attempts, events, checkpoints and progress go with the row. */
function deleteJob(tx: Tx, row: JobRow): void {
  tellBeforeRemoval(tx, row)
  countTransition(tx, row, undefined)
  tx.connection.run('DELETE FROM job WHERE seq = ?', row.seq)
  tx.notify({ kind: 'changed', jobId: row.id })
}
