import type { Connection } from '../../database/index.ts'

/** The database's clock: the only one that is compared. */
export const databaseNow = (connection: Connection): number =>
  connection.get<{ now: number }>("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now")
    ?.now ?? 0
