import type { CancelOutcome, JobStore } from '../engine.ts'
import { cancelJob, cancelOutcome } from '../rules/index.ts'
import { scopedRow } from './scope.ts'
import { commit, type Engine } from './transaction.ts'
import { transition } from './transition.ts'

export const requestCancel =
  (engine: Engine): JobStore['requestCancel'] =>
  (ids, by) =>
    commit(engine, (tx) =>
      ids.map((id): CancelOutcome => {
        const row = scopedRow(tx.connection, id, by.scope)
        if (row === undefined) return { id, kind: 'unknown' }
        const decision = cancelJob(row, by, tx)
        return cancelOutcome(
          id,
          decision === undefined ? row.state : transition(tx, row, decision).state,
        )
      }),
    )
