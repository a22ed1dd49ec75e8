import type { JobClaims } from '../engine.ts'
import { heldRow } from './fence.ts'
import { commit, type Engine } from './transaction.ts'

/** The newest manifest replaces the one before. A job that gets on is no poison job: `lost` starts at 0 again. */
export const checkpoint =
  (engine: Engine): JobClaims['checkpoint'] =>
  (lease, manifest) =>
    commit(engine, (tx) => {
      const row = heldRow(tx, lease)
      if (row === undefined) return 'lost'
      tx.connection.run(
        'UPDATE job SET checkpoint = ?, lost = 0 WHERE seq = ?',
        JSON.stringify(manifest),
        row.seq,
      )
      return 'saved'
    })
