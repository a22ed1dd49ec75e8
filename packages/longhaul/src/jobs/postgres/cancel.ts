import type { CancelOutcome, JobStore } from '../engine.ts'
import { cancelJob, cancelOutcome } from '../rules/index.ts'
import { commit } from './commit.ts'
import { current, holdJobs } from './hold.ts'
import { transition } from './transition.ts'
import type { Engine } from './tx.ts'

export const requestCancel =
  (engine: Engine): JobStore['requestCancel'] =>
  (ids, by) =>
    commit(engine, async (tx) => {
      const held = await holdJobs(tx, ids, by.scope)
      return ids.map((id): CancelOutcome => {
        const row = current(tx, held, id)
        if (row === undefined) return { id, kind: 'unknown' }
        const decision = cancelJob(row, by, tx)
        return cancelOutcome(
          id,
          decision === undefined ? row.state : transition(tx, row, decision).state,
        )
      })
    })
