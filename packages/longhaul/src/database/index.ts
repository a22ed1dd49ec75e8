/**
 * The database: registered statements by name, one group commit for everything that writes. Features use `Database`;
 * only the engine's drivers use what lies behind it.
 */
export type { Database, Dialect, SqlValue, Statements, Write } from './database.ts'
export { openSqlite, type OpenSqliteOptions, type SqliteDatabase } from './open-sqlite.ts'
export type { Connection } from './connection.ts'
export { pendingMigrations, readMigrations, type Migration } from './migrate.ts'
export { openTableReader, type TableReader, type TableRows } from './table-reader.ts'
export { whoHasOpen } from './who-has-open.ts'
export { networkFileSystemOf } from './network-file-system.ts'
