import type { Connection, SqliteDatabase } from '../../database/index.ts'
import type { Wakeup } from '../engine.ts'
import type { Settings } from './settings.ts'
import type { Wakeups } from './wakeups.ts'

export interface Engine {
  readonly database: SqliteDatabase
  readonly settings: Settings
  readonly wakeups: Wakeups
}

/** One engine operation while it holds the write lock. */
export interface Tx {
  readonly connection: Connection
  readonly settings: Settings
  /** The database's clock at the operation's start, and the only clock that is compared. */
  readonly now: number
  /** Told to listeners after the commit. */
  notify(wakeup: Wakeup): void
}

export const databaseNow = (connection: Connection): number =>
  connection.get<{ now: number }>("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now")
    ?.now ?? 0

/** Runs one operation in the next group commit, and tells listeners once it is durable. */
export async function commit<T>(engine: Engine, work: (tx: Tx) => T): Promise<T> {
  const wakeups: Wakeup[] = []
  const answer = await engine.database.transact((connection) =>
    work({
      connection,
      settings: engine.settings,
      now: databaseNow(connection),
      notify: (wakeup) => wakeups.push(wakeup),
    }),
  )
  for (const wakeup of wakeups) engine.wakeups.tell(wakeup)
  return answer
}
