import type { Sql } from '../../database/postgres/index.ts'

const texts = `id queue owner processor version kind state params idem_key idem_hash lease_nonce lease_worker publishing
  result problem on_dependency job_id on_id type data nonce worker outcome log_key reason wait_reason url origin body batch_id tag`
const integers =
  'no n attempt priority blocked_by failures lost max_failures event_no heard batch_item'

/** Types of the columns that are written from arrays, by name; the others are bigint. */
const types = new Map<string, string>([
  ...texts.split(/\s+/).map((name) => [name, 'text'] as const),
  ...integers.split(' ').map((name) => [name, 'integer'] as const),
  ['tokens', 'double precision'],
])

/** Columns that are often the same in all rows of one operation. */
const shared = new Set(
  `state updated_at completed_at started_at lease_worker lease_expires_at deadline_at stop_told_at silent_since wake_at
    publishing problem at type worker outcome ended_at log_key cpu_ms peak_rss`.split(/\s+/),
)

/**
 * Rows as one array per column, which PostgreSQL makes rows of again: `source` is read from as `c`, in a statement whose
 * text is the same for any number of rows. Where a column that rows often share is the same in all of them, one value does.
 */
export function rowArrays<Row extends object>(
  rows: readonly Row[],
  columns: readonly (keyof Row & string)[],
): { readonly source: string; readonly values: readonly unknown[] } {
  const first = rows[0]
  const isSame = (column: keyof Row & string): boolean =>
    first !== undefined && shared.has(column) && rows.every((row) => row[column] === first[column])
  const arrays: string[] = []
  const names: string[] = []
  const selected: string[] = []
  const values = columns.map((column, index) => {
    const type = types.get(column) ?? 'bigint'
    if (isSame(column)) {
      selected.push(`$${index + 1}::${type} AS ${column}`)
      return first?.[column]
    }
    arrays.push(`$${index + 1}::${type}[]`)
    names.push(column)
    selected.push(column)
    return arrayText(rows.map((row) => row[column]))
  })
  const unnested = `unnest(${arrays.join(', ')}) AS u (${names.join(', ')})`
  return { source: `(SELECT ${selected.join(', ')} FROM ${unnested}) c`, values }
}

/** An array as PostgreSQL reads it. */
function arrayText(values: readonly unknown[]): string {
  const elements = values.map((value) => {
    if (value === null || value === undefined) return 'NULL'
    if (typeof value !== 'string') return JSON.stringify(value)
    return `"${/["\\]/.test(value) ? value.replace(/["\\]/g, '\\$&') : value}"`
  })
  return `{${elements.join(',')}}`
}

export function insertRows<Row extends object>(
  table: string,
  rows: readonly Row[],
  columns: readonly (keyof Row & string)[],
  after = '',
): Sql {
  const { source, values } = rowArrays(rows, columns)
  const names = columns.join(', ')
  return { text: `INSERT INTO ${table} (${names}) SELECT ${names} FROM ${source} ${after}`, values }
}
