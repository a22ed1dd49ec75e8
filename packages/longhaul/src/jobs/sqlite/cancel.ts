import { isTerminal } from '../job.ts'
import type { Actor, CancelOutcome, JobStore } from '../engine.ts'
import type { JobRow } from './row.ts'
import { scopedRow } from './scope.ts'
import { commit, type Engine, type Tx } from './transaction.ts'
import { transition } from './transition.ts'

export const requestCancel =
  (engine: Engine): JobStore['requestCancel'] =>
  (ids, by) =>
    commit(engine, (tx) =>
      ids.map((id): CancelOutcome => {
        const row = scopedRow(tx.connection, id, by.scope)
        if (row === undefined) return { id, kind: 'unknown' }
        const { state } = cancelOne(tx, row, by)
        if (state === 'cancelled') return { id, kind: 'cancelled', state }
        return { id, kind: isTerminal(state) ? 'finished' : 'requested', state }
      }),
    )

function cancelOne(tx: Tx, row: JobRow, by: Actor): JobRow {
  if (isTerminal(row.state) || row.cancel_requested_at !== null) return row
  const data = by.reason === undefined ? {} : { reason: by.reason }
  // A publication that has begun goes through; the request is on record all the same.
  const atOnce = row.state !== 'running' && row.publishing === null
  return transition(tx, row, {
    to: atOnce ? 'cancelled' : row.state,
    set: { cancel_requested_at: tx.now, ...(atOnce ? { wake_at: null } : {}) },
    events: [{ type: atOnce ? 'cancelled' : 'cancel_requested', data }],
  })
}
