/**
 * PostgreSQL behind the Database contract. Features use `Database`; only the engine's driver uses what lies behind it.
 * How transactions are retried, and how an unknown COMMIT is looked up: transact.ts.
 */
export { openPostgres, type OpenPostgresOptions, type PostgresDatabase } from './open-postgres.ts'
export type { Session, Sql } from './session.ts'
export { pendingMigrations } from './migrate.ts'
export { createDatabase } from './create-database.ts'
export { insertTables, tablesInUse, type RowChange } from './insert-tables.ts'
