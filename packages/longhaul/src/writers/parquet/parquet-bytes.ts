import type { z } from 'zod'
import type { TableRow } from './column.ts'
import { columnsOf } from './columns-of.ts'
import type { Compression } from './column-chunk.ts'
import { RowGroup } from './row-group.ts'
import { magic, TableFile } from './table-file.ts'

/** One Parquet file of all these rows as it is made: for an answer that is stored nowhere. Holds one row group. */
export async function* parquetBytes<S extends z.ZodType>(
  schema: S,
  rows: Iterable<z.output<S>> | AsyncIterable<z.output<S>>,
  { name = 'the table', compression = 'zstd' }: { name?: string; compression?: Compression } = {},
): AsyncGenerator<Buffer, void, undefined> {
  const columns = columnsOf(schema, name)
  const table = new TableFile(columns)
  yield magic
  let filling = new RowGroup(columns)
  let count = 0
  for await (const row of rows) {
    filling.add(row as TableRow, () => `Row ${count} of ${name}`)
    count++
    if (!filling.isFull) continue
    yield* table.place(filling.rows, await filling.encode(compression))
    filling = new RowGroup(columns)
  }
  if (filling.rows > 0) yield* table.place(filling.rows, await filling.encode(compression))
  yield table.footer()
}
