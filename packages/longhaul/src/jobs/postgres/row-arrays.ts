import type { Sql } from '../../database/postgres/index.ts'

const texts = `id queue owner processor version kind state params idem_key idem_hash lease_nonce lease_worker publishing
  result problem on_dependency job_id on_id type data nonce worker outcome log_key reason wait_reason`
const integers = 'no n attempt priority blocked_by failures lost max_failures event_no heard'

/** Types of the columns that are written from arrays, by name; the others are bigint. */
const types = new Map<string, string>([
  ...texts.split(/\s+/).map((name) => [name, 'text'] as const),
  ...integers.split(' ').map((name) => [name, 'integer'] as const),
  ['tokens', 'double precision'],
])

/**
 * Rows as one array per column, which PostgreSQL makes rows of again: `source` is `unnest(…) AS c (…)`, to be read from in
 * a statement whose text is the same for any number of rows.
 */
export function rowArrays<Row extends object>(
  rows: readonly Row[],
  columns: readonly (keyof Row & string)[],
): { readonly source: string; readonly values: readonly unknown[] } {
  const arrays = columns.map((column, index) => `$${index + 1}::${types.get(column) ?? 'bigint'}[]`)
  return {
    source: `unnest(${arrays.join(', ')}) AS c (${columns.join(', ')})`,
    values: columns.map((column) => rows.map((row) => row[column])),
  }
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
