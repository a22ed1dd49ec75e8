import type { JobClaims, Settlement } from '../engine.ts'
import { settleAttempt } from '../rules/index.ts'
import { claimAll } from './claim.ts'
import { heldRow } from './fence.ts'
import { commit, type Engine, type Tx } from './transaction.ts'
import { transition } from './transition.ts'

/** One transaction for all items: a write of one that fails takes the others along. */
export const settle =
  (engine: Engine): JobClaims['settle'] =>
  (items) =>
    commit(engine, (tx) => settleAll(tx, items))

export const settleAndClaim =
  (engine: Engine): JobClaims['settleAndClaim'] =>
  (items, worker, wants) =>
    commit(engine, (tx) => ({
      verdicts: settleAll(tx, items),
      claims: claimAll(tx, worker, wants),
    }))

const settleAll = (tx: Tx, items: readonly Settlement[]) =>
  items.map(({ lease, outcome, usage, also = [] }) => {
    const row = heldRow(tx, lease)
    if (row === undefined) return 'lost'
    const decision = settleAttempt(row, outcome, usage, tx)
    if (decision !== undefined) transition(tx, row, decision)
    tx.connection.write(also)
    return 'settled'
  })
