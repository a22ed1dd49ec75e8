/**
 * Makes data/postgres-0003.sql: the same rows as data/sqlite-0003.sql in the tables that the PostgreSQL driver began with.
 * Run it only to make the file anew: once checked in, it stays what an old database looks like.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { postgresMigrations } from '../../src/database/postgres/open-postgres.ts'

const data = (name: string) => new URL(`./data/${name}`, import.meta.url)
const db = new DatabaseSync(':memory:')
db.exec(await readFile(data('sqlite-0003.sql'), 'utf8'))

const first = postgresMigrations().filter(({ no }) => no <= 3)
const schema = first.map(({ text }) => text).join('\n')
const lines = [
  'CREATE TABLE migration (no integer PRIMARY KEY, name text NOT NULL, applied_at bigint NOT NULL);',
  schema,
]
const booleans = new Set(['queue_state.paused'])
const embeddedOnly = new Set(['job_event.feed'])
for (const [, table = ''] of `CREATE TABLE migration\n${schema}`.matchAll(
  /^CREATE (?:UNLOGGED )?TABLE (\w+)/gm,
)) {
  const columns = db
    .prepare('SELECT name FROM pragma_table_info(?)')
    .all(table)
    .map((row) => String(row['name']))
    .filter((name) => !embeddedOnly.has(`${table}.${name}`))
  const values = columns.map((name) =>
    booleans.has(`${table}.${name}`) ? `iif(${name}, 'true', 'false')` : `quote(${name})`,
  )
  const rows = db.prepare(`SELECT ${values.join(` || ', ' || `)} AS row FROM ${table}`).all()
  for (const { row } of rows)
    lines.push(
      `INSERT INTO ${table} (${columns.join(', ')}) OVERRIDING SYSTEM VALUE VALUES (${String(row)});`,
    )
}
lines.push(`SELECT setval(pg_get_serial_sequence('job', 'seq'), (SELECT max(seq) FROM job));`, '')
await writeFile(data('postgres-0003.sql'), lines.join('\n'))
