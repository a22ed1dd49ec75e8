import type { JobClaims } from '../engine.ts'
import { releaseAttempt } from '../rules/index.ts'
import { heldRow } from './fence.ts'
import { commit, type Engine } from './transaction.ts'
import { transition } from './transition.ts'

export const release =
  (engine: Engine): JobClaims['release'] =>
  (leases) =>
    commit(engine, (tx) => {
      for (const lease of leases) {
        const row = heldRow(tx, lease)
        if (row !== undefined) transition(tx, row, releaseAttempt(row))
      }
    })
