import { LonghaulError } from '../../errors/index.ts'
import type { SqlValue } from '../database.ts'
import type { TableRows } from '../table-reader.ts'
import type { PostgresDatabase } from './open-postgres.ts'
import type { Session } from './session.ts'

/** What SQLite has for itself: the order of its events, where PostgreSQL notifies. */
const embeddedOnly = new Set(['job_event.feed'])

/** Our tables that hold anything: none in a database that nobody has used. */
export async function tablesInUse(database: PostgresDatabase): Promise<readonly string[]> {
  const used: string[] = []
  for (const name of (await columnsOf(database)).keys()) {
    if (name === 'migration') continue
    const [row] = await database.query<{ used: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM ${quoted(name)}) AS used`,
    )
    if (row?.used) used.push(name)
  }
  return used
}

/**
 * Writes every row, all of them or none, and reads them back inside the transaction: it commits only what is equal, row by
 * row. `change` may replace a row, or leave it out; `confirm` may refuse, by throwing, before it commits.
 */
export async function insertTables(
  database: PostgresDatabase,
  tables: readonly TableRows[],
  { change, confirm }: { readonly change: RowChange; readonly confirm: () => void },
): Promise<readonly { readonly name: string; readonly rows: number }[]> {
  const types = await columnsOf(database)
  return database.transact(async (session) => {
    const copied = []
    for (const table of tables) {
      const plan = planOf(table, types.get(table.name))
      if (plan === undefined) continue
      copied.push({ name: table.name, rows: await insertTable(session, table, plan, change) })
    }
    confirm()
    return copied
  })
}
export type RowChange = (
  table: string,
  row: Readonly<Record<string, SqlValue>>,
) => Readonly<Record<string, SqlValue>> | undefined

type Columns = ReadonlyMap<string, { readonly type: string; readonly identity: boolean }>

async function columnsOf(database: PostgresDatabase): Promise<ReadonlyMap<string, Columns>> {
  const rows = await database.query<{
    name: string
    column: string
    type: string
    identity: boolean
  }>(
    `SELECT c.relname AS name, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type,
      a.attidentity <> '' AS identity
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
     ORDER BY c.relname, a.attnum`,
  )
  const tables = new Map<string, Map<string, { type: string; identity: boolean }>>()
  for (const { name, column, type, identity } of rows) {
    const columns = tables.get(name) ?? new Map<string, { type: string; identity: boolean }>()
    tables.set(name, columns.set(column, { type, identity }))
  }
  return tables
}

interface Plan {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly identity: string | undefined
}

/** Undefined for an empty table that PostgreSQL does without. */
function planOf(table: TableRows, target: Columns | undefined): Plan | undefined {
  if (target === undefined && table.count === 0) return undefined
  const missing = table.columns.filter(
    (name) => !target?.has(name) && !embeddedOnly.has(`${table.name}.${name}`),
  )
  if (target === undefined || missing.length > 0)
    throw new LonghaulError(
      'internal',
      `PostgreSQL's schema has no place for ${table.name} (${missing.join(', ')})`,
    )
  const columns = table.columns.flatMap((name) => {
    const found = target.get(name)
    return found === undefined ? [] : [{ name, type: found.type }]
  })
  return { columns, identity: [...target].find(([, { identity }]) => identity)?.[0] }
}

async function insertTable(
  session: Session,
  table: TableRows,
  { columns, identity }: Plan,
  change: RowChange,
): Promise<number> {
  const names = columns.map(({ name }) => quoted(name)).join(', ')
  const arrays = columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ')
  // Read back as they were sent: what PostgreSQL took for something else would differ here.
  const insert = `INSERT INTO ${quoted(table.name)} (${names}) OVERRIDING SYSTEM VALUE
    SELECT * FROM unnest(${arrays}) RETURNING ${names}`
  let rows = 0
  for (const batch of table.batches()) {
    const kept = batch.flatMap((values) => {
      const row = change(table.name, asRecord(table.columns, values))
      return row === undefined ? [] : [columns.map(({ name, type }) => toType(row[name], type))]
    })
    if (kept.length === 0) continue
    const values = columns.map((_, index) => kept.map((row) => row[index]))
    const stored = await session.query<Record<string, unknown>>(insert, values)
    const same = stored.every((row, index) =>
      columns.every(({ name }, at) => Object.is(row[name] ?? null, kept[index]?.[at] ?? null)),
    )
    if (!same || stored.length !== kept.length)
      throw new LonghaulError(
        'internal',
        `PostgreSQL stored other rows of ${table.name} than it was sent`,
      )
    rows += kept.length
  }
  if (identity !== undefined && rows > 0) {
    const name = `'${table.name}', '${identity}'`
    await session.query(
      `SELECT setval(pg_get_serial_sequence(${name}), (SELECT max(${quoted(identity)}) FROM ${quoted(table.name)}))`,
    )
  }
  return rows
}

const toType = (value: SqlValue | undefined, type: string): unknown =>
  type === 'boolean' && value !== null && value !== undefined ? value !== 0 : (value ?? null)

const asRecord = (columns: readonly string[], values: readonly SqlValue[]) =>
  Object.fromEntries(columns.map((name, index) => [name, values[index] ?? null]))

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
