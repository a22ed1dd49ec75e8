import { isLonghaulError } from '../../errors/index.ts'
import type { Wakeup } from '../engine.ts'
import { databaseNow } from './database-now.ts'
import { tellDependants } from './dependants.ts'
import { writeMoves } from './lane.ts'
import { recordReasons } from './reasons.ts'
import type { Engine, Tx } from './tx.ts'

export type { Engine, Tx } from './tx.ts'

/** Runs one operation in the next group commit, with all that follows from it, and tells listeners once it is durable. */
export async function commit<T>(engine: Engine, work: (tx: Tx) => T): Promise<T> {
  const { database, settings } = engine
  let wakeups: Wakeup[] = []
  const notify = (wakeup: Wakeup) => wakeups.push(wakeup)
  try {
    const answer = await database.transact((connection) => {
      wakeups = [] // of this try: another may have been undone
      const now = databaseNow(connection)
      const noted = { moves: new Map(), ended: [], unsettled: new Set<string>() }
      const tx: Tx = { connection, settings, now, notify, ...noted }
      const result = work(tx)
      tellDependants(tx)
      writeMoves(tx)
      recordReasons(tx)
      return result
    })
    for (const wakeup of wakeups) engine.wakeups.tell(wakeup)
    return answer
  } catch (error) {
    if (isLonghaulError(error, 'unavailable') || isLonghaulError(error, 'insufficient-storage'))
      engine.troubleAtMs = performance.now()
    throw error
  }
}
