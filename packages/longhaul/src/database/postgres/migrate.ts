import pg from 'pg'
import type { ClientBase } from 'pg'
import { LonghaulError } from '../../errors/index.ts'
import { readMigrations, type Migration } from '../migrate.ts'
import { connectionOptions } from './connection-options.ts'
import { copyDatabase, copyTables } from './copy-before.ts'

/** Any number that nobody else uses: whoever holds it in a database is alone in changing its schema. */
const lock = 7_235_418_202

/**
 * Applies what is missing, all of it or nothing, after a copy of what is there. Many processes may start at once: one does
 * it, the others wait and find it done. Where nothing is missing nobody waits.
 */
export async function migrate(url: string, migrations: readonly Migration[]): Promise<void> {
  const before = await onClient(url, (client) => missingIn(client, migrations))
  if (before.missing.length === 0) return
  const copied = before.applied > 0 && (await copyDatabase(url, before.applied))
  await onClient(url, async (client) => {
    // Released with the connection, should this process die.
    await client.query('SELECT pg_advisory_lock($1)', [lock])
    const { applied, missing } = await missingIn(client, migrations)
    if (missing.length === 0) return
    await client.query('BEGIN')
    if (applied > 0 && !copied) await copyTables(client, applied)
    await client.query(
      'CREATE TABLE IF NOT EXISTS migration (no integer PRIMARY KEY, name text NOT NULL, applied_at bigint NOT NULL)',
    )
    for (const { no, name, text } of missing) {
      await client.query(text)
      await client.query(
        'INSERT INTO migration VALUES ($1, $2, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)',
        [no, name],
      )
    }
    await client.query('COMMIT')
  })
}

/** What opening this database would change: nothing is done. */
export async function pendingMigrations(
  url: string,
  migrations: readonly Migration[] = readMigrations(
    new URL('../schema/postgres/', import.meta.url),
  ),
): Promise<readonly Migration[]> {
  return onClient(url, async (client) => (await missingIn(client, migrations)).missing)
}

/** An error ends the connection, and with it the transaction and the lock. */
async function onClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    ...connectionOptions(url),
    idle_in_transaction_session_timeout: 0,
  })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function missingIn(client: ClientBase, migrations: readonly Migration[]) {
  const table = await client.query<{ there: boolean }>(
    "SELECT to_regclass('migration') IS NOT NULL AS there",
  )
  const rows = table.rows[0]?.there
    ? (await client.query<{ no: number }>('SELECT no FROM migration')).rows
    : []
  const done = new Set(rows.map((row) => row.no))
  const newest = Math.max(0, ...done)
  const known = Math.max(0, ...migrations.map((migration) => migration.no))
  if (newest > known)
    throw new LonghaulError(
      'database-unusable',
      `The database has schema ${newest}, this version of longhaul knows ${known} at most; start a newer version.`,
    )
  return { applied: newest, missing: migrations.filter(({ no }) => !done.has(no)) }
}
