import type { JobStore } from '../engine.ts'
import { refuseBeyond } from '../rules/index.ts'
import { queuedInAll, queuedOfOwners } from './submit.ts'
import type { Engine } from './tx.ts'

export const checkRoom =
  (engine: Engine): JobStore['checkRoom'] =>
  async (owner, count) => {
    const { database, settings } = engine
    const [mine, all] = await Promise.all([
      database.query<{ n: number }>(queuedOfOwners, [[owner]]),
      database.query<{ n: number }>(queuedInAll),
    ])
    refuseBeyond(settings, {
      ofOwner: (mine[0]?.n ?? 0) + count,
      all: (all[0]?.n ?? 0) + count,
    })
  }
