import type { JobClaims } from '../engine.ts'
import { releaseAttempt } from '../rules/index.ts'
import { commit } from './commit.ts'
import { heldBy } from './fence.ts'
import { holdJobs } from './hold.ts'
import { transition } from './transition.ts'
import type { Engine } from './tx.ts'

export const release =
  (engine: Engine): JobClaims['release'] =>
  async (leases) => {
    if (leases.length === 0) return
    await commit(engine, async (tx) => {
      const held = await holdJobs(
        tx,
        leases.map(({ jobId }) => jobId),
      )
      for (const lease of leases) {
        const row = heldBy(tx, held, lease)
        if (row !== undefined) transition(tx, row, releaseAttempt(row))
      }
    })
  }
