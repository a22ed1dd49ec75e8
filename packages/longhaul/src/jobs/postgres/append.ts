import type { JsonObject } from '../../support/json.ts'
import type { JobEvent, JobEvents, NewEvent } from '../engine.ts'
import { parse } from '../row.ts'
import { commit } from './commit.ts'
import { heldBy } from './fence.ts'
import { grouped } from './grouped.ts'
import { holdRows } from './hold.ts'
import { addEvents, keep } from './transition.ts'
import type { Engine } from './tx.ts'

/** A worker's own events. They change nothing but the job's event number. */
export const append = (engine: Engine): JobEvents['append'] =>
  grouped((calls: readonly (readonly NewEvent[])[]) =>
    commit(engine, async (tx) => {
      const events = calls.flat()
      const held = await holdRows(tx, [...new Set(events.map(({ lease }) => lease.jobId))])
      for (const { lease, type, data } of events) {
        const row = heldBy(tx, held, lease)
        if (row === undefined) continue
        const after = { ...row, event_no: row.event_no + 1 }
        keep(tx, row, after)
        addEvents(tx, after, [{ type, data }])
        tx.notify({ kind: 'changed', jobId: row.id })
      }
      return calls.map(() => ({ value: undefined }))
    }),
  )

interface EventRow extends Omit<JobEvent, 'data'> {
  readonly data: string
}

export const eventsAfter = `SELECT job_id AS "jobId", no, attempt, type, at, data FROM job_event
  WHERE job_id = $1 AND no > $2 ORDER BY no LIMIT $3`

export const read =
  (engine: Engine): JobEvents['read'] =>
  async (jobId, after, limit) => {
    const rows = await engine.database.query<EventRow>(eventsAfter, [jobId, after, limit])
    return rows.map((row) => ({ ...row, data: parse<JsonObject>(row.data) }))
  }
