import { expect, it } from 'vitest'
import { z } from 'zod'
import { columnsOf } from './columns-of.ts'

it('gives every field the type that readers of tables know, and all else JSON', () => {
  const schema = z.object({
    text: z.string(),
    moment: z.iso.datetime(),
    choice: z.enum(['a', 'b']),
    fixed: z.literal('x'),
    number: z.number().min(0),
    measured: z.number().or(z.nan()).nullish(),
    either: z.union([z.int(), z.number()]),
    whole: z.int(),
    huge: z.bigint(),
    flag: z.boolean().default(false),
    day: z.date().nullable(),
    mixed: z.union([z.string(), z.number()]),
    list: z.array(z.number()),
    object: z.object({ a: z.int() }),
    unknown: z.unknown(),
    made: z.string().transform((text) => text.length),
    read: z.coerce.number(),
  })
  const columns = columnsOf(schema, 'rows')
  expect(columns.map(({ name }) => name)).toEqual(Object.keys(schema.shape))
  expect(Object.fromEntries(columns.map(({ name, kind }) => [name, kind]))).toEqual({
    text: 'string',
    moment: 'string',
    choice: 'string',
    fixed: 'string',
    number: 'double',
    measured: 'double',
    either: 'double',
    whole: 'int64',
    huge: 'int64',
    flag: 'boolean',
    day: 'timestamp',
    mixed: 'json',
    list: 'json',
    object: 'json',
    unknown: 'json',
    made: 'json',
    read: 'double',
  })
})
