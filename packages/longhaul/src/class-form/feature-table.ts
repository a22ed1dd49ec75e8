import type { ColumnType } from '@longhaul/protocol'
import { z } from 'zod'
import { PermanentError, type Outputs } from '../processor/index.ts'
import type { OutputSchema, Row } from './bin-output.ts'

/** Rows of every bin in one Parquet file; first the bin, then the number of the region, then what was measured. */
export interface FeatureTable {
  readonly columns: OutputSchema
  write(binId: string, table: readonly Row[]): Promise<void>
}

export const featuresFile = 'features/part-0000.parquet'

/** NaN and infinities are measurements too, which `z.number()` does not take. */
const real = z.custom<number>((value) => typeof value === 'number').meta({ type: 'number' })
const cellTypes: Readonly<Record<ColumnType, z.ZodType>> = {
  int64: z.union([z.int(), z.bigint()]).nullish(),
  float64: real.nullish(),
  string: z.string().nullish(),
}

export function featureTable(outputs: Outputs, given: OutputSchema): FeatureTable {
  const columns: OutputSchema = { bin_id: 'string', roi_number: 'int64', ...given }
  const shape = Object.entries(columns).map(([name, type]) => [name, cellTypes[type]] as const)
  const schema = z.object(Object.fromEntries(shape))
  const writer = outputs.records(featuresFile, schema, { format: 'parquet' })
  return {
    columns,
    async write(binId, table) {
      for (const row of table) {
        const stray = Object.keys(row).find((name) => !(name in columns))
        if (stray !== undefined)
          throw new PermanentError(`The table of ${binId} has a column ${stray} that others lack.`)
        const cells = Object.entries(columns).map(([name, type]): [string, unknown] => [
          name,
          cellOf(row[name], type),
        ])
        await writer.write({ ...Object.fromEntries(cells), bin_id: binId })
      }
    },
  }
}

/** What the rows of a bin look like, where the processor does not say: numbers are `float64`, the rest is text. */
export function columnsOf(table: readonly Row[]): OutputSchema {
  const columns: Record<string, ColumnType> = {}
  for (const row of table)
    for (const [name, value] of Object.entries(row))
      if (name !== 'roi_number' && value != null)
        columns[name] ??= typeof value === 'number' ? 'float64' : 'string'
  return columns
}

const cellOf = (value: Row[string], type: ColumnType): unknown =>
  type === 'string' && value != null ? String(value) : value
