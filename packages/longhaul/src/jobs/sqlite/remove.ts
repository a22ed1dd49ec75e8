import { LonghaulError } from '../../errors/index.ts'
import { isTerminal } from '../job.ts'
import type { JobUpkeep } from '../engine.ts'
import { countTransition } from './lane.ts'
import type { JobRow } from './row.ts'
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
    })

export const oldestFinished = `SELECT * FROM job INDEXED BY job_completed
  WHERE completed_at IS NOT NULL AND completed_at <= ? ORDER BY completed_at LIMIT ?`

export const prune =
  (engine: Engine): JobUpkeep['prune'] =>
  async (limit) => {
    const { retentionMs } = engine.settings
    if (!Number.isFinite(retentionMs)) return 0
    return commit(engine, (tx) => {
      const rows = tx.connection.all<JobRow>(oldestFinished, tx.now - retentionMs, limit)
      for (const row of rows) deleteJob(tx, row)
      return rows.length
    })
  }

/** Attempts, events and progress go with the row. */
function deleteJob(tx: Tx, row: JobRow): void {
  countTransition(tx, row, undefined)
  tx.connection.run('DELETE FROM job WHERE seq = ?', row.seq)
  tx.notify({ kind: 'changed', jobId: row.id })
}
