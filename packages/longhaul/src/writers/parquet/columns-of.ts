import { z } from 'zod'
import type { Column, ColumnKind } from './column.ts'

interface Schema {
  readonly type?: string | readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: unknown
  readonly 'x-parquet'?: ColumnKind
}

const kindOfType: Readonly<Record<string, ColumnKind>> = {
  boolean: 'boolean',
  integer: 'int64',
  number: 'double',
  string: 'string',
}

/**
 * A column for each field of an object, in their order: text, numbers, whole numbers, booleans and dates have types of their
 * own, everything else is a column of JSON. Throws a TypeError for what is no table.
 */
export function columnsOf(schema: z.ZodType, table: string): readonly Column[] {
  const { properties, additionalProperties } = toJsonSchema(schema)
  const names = Object.keys(properties ?? {})
  if (!properties || names.length === 0 || (additionalProperties ?? false) !== false)
    throw new TypeError(
      `A Parquet table has named columns: the schema of ${table} must be z.object({…}) with at least one field, and no others.`,
    )
  return names.map((name) => ({ name, kind: kindOf(properties[name] ?? {}) }))
}

function toJsonSchema(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, {
    io: 'output',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const { type } = zodSchema._zod.def
      if (type === 'bigint') jsonSchema['x-parquet'] = 'int64'
      if (type === 'date') jsonSchema['x-parquet'] = 'timestamp'
      if (type === 'nan') jsonSchema['x-parquet'] = 'double'
    },
  }) as Schema
}

function kindOf(schema: Schema): ColumnKind {
  if (schema['x-parquet']) return schema['x-parquet']
  const { type } = schema
  const alternatives =
    schema.anyOf ??
    schema.oneOf ??
    (typeof type === 'object' ? type.map((one) => ({ type: one })) : [])
  if (alternatives.length > 0)
    return inCommon(alternatives.filter((one) => one.type !== 'null').map(kindOf))
  return kindOfType[typeof type === 'string' ? type : ''] ?? 'json'
}

function inCommon(all: readonly ColumnKind[]): ColumnKind {
  const [one, other, ...more] = new Set(all)
  if (one && !other) return one
  const numbers = [one, other].every((kind) => kind === 'int64' || kind === 'double')
  return numbers && more.length === 0 ? 'double' : 'json'
}
