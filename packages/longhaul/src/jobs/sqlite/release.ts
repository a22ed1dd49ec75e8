import type { JobClaims } from '../engine.ts'
import { endAttempt } from './attempt.ts'
import { heldRow } from './fence.ts'
import { commit, type Engine } from './transaction.ts'
import { transition } from './transition.ts'

/** Back to its old place in the queue; a publication that has begun stays one. Nothing is counted. */
export const release =
  (engine: Engine): JobClaims['release'] =>
  (leases) =>
    commit(engine, (tx) => {
      for (const lease of leases) {
        const row = heldRow(tx, lease)
        if (row === undefined) continue
        const cancelled = row.cancel_requested_at !== null && row.publishing === null
        endAttempt(tx, row, { outcome: 'released' })
        transition(tx, row, {
          to: cancelled ? 'cancelled' : 'queued',
          events: [{ type: 'released' }, ...(cancelled ? [{ type: 'cancelled' }] : [])],
        })
      }
    })
