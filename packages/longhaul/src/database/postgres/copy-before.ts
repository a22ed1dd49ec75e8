import pg from 'pg'
import type { ClientBase } from 'pg'
import { connectionOptions } from './connection-options.ts'
import { withDatabase } from './create-database.ts'

/** A migration goes forward only, so what it changes is copied first. `applied`: the schema's number before it. */
const copyName = (name: string, applied: number): string =>
  `${name.slice(0, 40)}_schema_${String(applied).padStart(4, '0')}`

/**
 * The whole database under another name, by the server itself. Answers false where that is not possible: without the right
 * to create databases, or while anybody is connected to this one.
 */
export async function copyDatabase(url: string, applied: number): Promise<boolean> {
  const name = new pg.Client(connectionOptions(url)).database
  if (name === undefined || name === 'postgres' || !URL.canParse(url)) return false
  const client = new pg.Client(connectionOptions(withDatabase(url, 'postgres')))
  client.on('error', () => undefined)
  try {
    await client.connect()
    const [copy, original] = [copyName(name, applied), name].map((one) => pg.escapeIdentifier(one))
    await client.query(`CREATE DATABASE ${copy} TEMPLATE ${original}`)
    return true
  } catch {
    // Also where a copy of that name is there already: it may be an old one.
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Table by table into a schema of its own, in the caller's transaction: it is there if the migration is. */
export async function copyTables(client: ClientBase, applied: number): Promise<void> {
  const { rows } = await client.query<{ name: string; home: string }>(
    `SELECT quote_ident(c.relname) AS name, current_schema() AS home FROM pg_class c
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' ORDER BY c.relname`,
  )
  const names = rows.map((row) => row.name)
  if (names.length === 0) return
  // Nobody writes between the copy and the change.
  await client.query(`LOCK TABLE ${names.join(', ')} IN ACCESS EXCLUSIVE MODE`)
  const side = pg.escapeIdentifier(copyName(rows[0]?.home ?? 'public', applied))
  await client.query(`CREATE SCHEMA ${side}`)
  for (const name of names) await client.query(`CREATE TABLE ${side}.${name} AS TABLE ${name}`)
}
