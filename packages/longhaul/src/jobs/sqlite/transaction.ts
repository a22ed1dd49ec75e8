import type { Connection, SqliteDatabase } from '../../database/index.ts'
import { isLonghaulError } from '../../errors/index.ts'
import type { Wakeup } from '../engine.ts'
import { databaseNow } from './database-now.ts'
import type { Settings } from './settings.ts'
import type { Wakeups } from './wakeups.ts'

export interface Engine {
  readonly database: SqliteDatabase
  readonly settings: Settings
  readonly wakeups: Wakeups
  /** When the database last could not be written, on the monotonic clock: see sweep. */
  troubleAtMs: number
}

/** One engine operation while it holds the write lock. */
export interface Tx {
  readonly connection: Connection
  readonly settings: Settings
  /** The database's clock at the operation's start. */
  readonly now: number
  /** Told to listeners after the commit. */
  notify(wakeup: Wakeup): void
}

/** Runs one operation in the next group commit, and tells listeners once it is durable. */
export async function commit<T>(engine: Engine, work: (tx: Tx) => T): Promise<T> {
  const { database, settings } = engine
  const wakeups: Wakeup[] = []
  const notify = (wakeup: Wakeup) => wakeups.push(wakeup)
  try {
    const answer = await database.transact((connection) =>
      work({ connection, settings, now: databaseNow(connection), notify }),
    )
    for (const wakeup of wakeups) engine.wakeups.tell(wakeup)
    return answer
  } catch (error) {
    if (isLonghaulError(error, 'unavailable') || isLonghaulError(error, 'insufficient-storage'))
      engine.troubleAtMs = performance.now()
    throw error
  }
}
