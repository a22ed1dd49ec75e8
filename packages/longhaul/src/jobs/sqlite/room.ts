import type { Connection } from '../../database/index.ts'
import { LonghaulError } from '../../errors/index.ts'
import type { JobStore } from '../engine.ts'
import { refuseBeyond } from '../rules/index.ts'
import type { Engine } from './tx.ts'

export const checkRoom =
  (engine: Engine): JobStore['checkRoom'] =>
  async (owner, count) => {
    refuseWhenShort(engine)
    const queued = queuedCounts(engine.database.reader, owner)
    refuseBeyond(engine.settings, { ofOwner: queued.ofOwner + count, all: queued.all + count })
  }

/** What little room the disk has belongs to the jobs that are there. */
export function refuseWhenShort({ database }: Engine): void {
  if (database.isShortOfDisk())
    throw new LonghaulError(
      'insufficient-storage',
      'The disk of the database is full; jobs are taken again when there is room.',
    )
}

export const queuedOfOwner = 'SELECT sum(queued) AS n FROM lane WHERE owner = ?'

export const queuedCounts = (connection: Connection, owner: string) => ({
  ofOwner: connection.get<{ n: number | null }>(queuedOfOwner, owner)?.n ?? 0,
  all: connection.get<{ n: number | null }>('SELECT sum(queued) AS n FROM queue_state')?.n ?? 0,
})
