import type { JsonObject } from '../../support/json.ts'
import type { JobEvent, JobEvents } from '../engine.ts'
import { parse } from '../row.ts'
import { insertEvents } from './events.ts'
import { heldRow } from './fence.ts'
import { commit, type Engine } from './transaction.ts'

/** A worker's own events. They change nothing but the job's event number. */
export const append =
  (engine: Engine): JobEvents['append'] =>
  (events) =>
    commit(engine, (tx) => {
      for (const { lease, type, data } of events) {
        const held = heldRow(tx, lease)
        if (held === undefined) continue
        const row = { ...held, event_no: held.event_no + 1 }
        tx.connection.run('UPDATE job SET event_no = ? WHERE id = ?', row.event_no, row.id)
        insertEvents(tx, row, [{ type, data }])
        tx.notify({ kind: 'changed', jobId: row.id })
      }
    })

interface EventRow extends Omit<JobEvent, 'data'> {
  readonly data: string
}

export const read =
  (engine: Engine): JobEvents['read'] =>
  async (jobId, after, limit) =>
    engine.database.reader
      .all<EventRow>(
        `SELECT job_id AS jobId, no, attempt, type, at, data FROM job_event
         WHERE job_id = ? AND no > ? ORDER BY no LIMIT ?`,
        jobId,
        after,
        limit,
      )
      .map((row) => ({ ...row, data: parse<JsonObject>(row.data) }))
