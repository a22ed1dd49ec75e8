import fc from 'fast-check'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import type { WriterFiles } from '../record-writer.ts'
import { parquetWriter } from './parquet-writer.ts'
import { footerOf, readWithBoth, type Row } from './read-parquet.fixture.ts'

let folder: string
beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'longhaul-parquet-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

/** A column's schema, what may stand in it, and what the two readers are to find. */
interface Sort {
  readonly schema: z.ZodType
  readonly values: fc.Arbitrary<unknown>
  readonly hyparquet?: (value: unknown) => unknown
  readonly arrow?: (value: unknown) => unknown
}

const anyNumber = z.custom<number>((value) => typeof value === 'number').meta({ type: 'number' })
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
const milliseconds = (value: unknown): number => (value as Date).getTime()

const sorts: Readonly<Record<string, Sort>> = {
  text: { schema: z.string(), values: fc.string({ unit: 'grapheme', maxLength: 90 }) },
  number: { schema: anyNumber, values: fc.double() },
  measured: { schema: z.number().or(z.nan()), values: fc.double({ noDefaultInfinity: true }) },
  whole: {
    schema: z.int(),
    values: fc.maxSafeInteger(),
    hyparquet: (value) => BigInt(value as number),
    arrow: (value) => BigInt(value as number),
  },
  huge: { schema: z.bigint(), values: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
  flag: { schema: z.boolean(), values: fc.boolean() },
  choice: { schema: z.enum(['red', 'green']), values: fc.constantFrom('red', 'green') },
  day: {
    schema: z.date(),
    values: fc.date({ noInvalidDate: true }),
    hyparquet: milliseconds,
    arrow: milliseconds,
  },
  anything: {
    schema: z.array(z.json()),
    values: fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 3 }),
    hyparquet: asJson,
    arrow: (value) => JSON.stringify(value),
  },
}

const tables = fc
  .uniqueArray(fc.constantFrom(...Object.keys(sorts)), { minLength: 1, maxLength: 5 })
  .chain((names) =>
    fc.record({
      names: fc.constant(names),
      rows: fc.array(
        fc.record(
          Object.fromEntries(
            names.map((name) => [name, fc.option(sorts[name]?.values ?? fc.constant(null))]),
          ),
        ),
        { maxLength: 40 },
      ),
      maxBytes: fc.integer({ min: 1, max: 4000 }),
      groups: fc.record({
        rows: fc.integer({ min: 1, max: 20 }),
        bytes: fc.integer({ min: 1, max: 3000 }),
      }),
      compression: fc.constantFrom('zstd' as const, 'none' as const),
    }),
  )

const schemaOf = (names: readonly string[]) =>
  z.object(
    Object.fromEntries(names.map((name) => [name, sorts[name]?.schema.nullable() ?? z.null()])),
  )

const asReadBy = (reader: 'hyparquet' | 'arrow', rows: readonly Row[]): Row[] =>
  rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        value === null ? null : (sorts[name]?.[reader]?.(value) ?? value),
      ]),
    ),
  )

it('gives two foreign readers every cell as it was written, whatever the table; twice the same bytes', async () => {
  await fc.assert(
    fc.asyncProperty(tables, async ({ names, rows, ...options }) => {
      const runs: Buffer[][] = []
      const found: { hyparquet: Row[]; arrow: Row[] } = { hyparquet: [], arrow: [] }
      for (const run of ['one', 'two']) {
        const given: string[] = []
        const files: WriterFiles = {
          pathFor: (name) => Promise.resolve(path.join(folder, name)),
          give: (_, file) => Promise.resolve(void given.push(file)),
        }
        const writer = parquetWriter(files, run, { ...options, schema: schemaOf(names) })
        for (const row of rows) await writer.write(row)
        await writer.finish()
        expect(writer.count).toBe(rows.length)
        runs.push(await Promise.all(given.map((file) => readFile(file))))
        if (run === 'two') continue
        for (const file of given) {
          const { hyparquet, arrow } = await readWithBoth(file)
          found.hyparquet.push(...hyparquet)
          found.arrow.push(...arrow)
          expect((await footerOf(file)).num_rows).toBe(BigInt(hyparquet.length))
        }
      }
      expect(found.hyparquet).toEqual(asReadBy('hyparquet', rows))
      expect(found.arrow).toEqual(asReadBy('arrow', rows))
      expect(runs[0]).toEqual(runs[1])
    }),
    { numRuns: 80 },
  )
})

it('says of every chunk its nulls and its bounds, which hold for all that is in it', async () => {
  const numbers = fc.array(fc.option(fc.double()), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(numbers, fc.array(fc.string({ maxLength: 80 })), async (values, texts) => {
      const file = path.join(folder, 'bounds.parquet')
      const files = { pathFor: async () => file, give: async () => undefined }
      const schema = z.object({ value: anyNumber.nullable(), text: z.string().optional() })
      const writer = parquetWriter(files, 'bounds.parquet', { maxBytes: 0, schema })
      for (const [at, value] of values.entries()) await writer.write({ value, text: texts[at] })
      await writer.finish()

      const [group] = (await footerOf(file)).row_groups
      const [ofNumbers, ofTexts] = (group?.columns ?? []).map((one) => one.meta_data?.statistics)
      expect(ofNumbers?.null_count).toBe(BigInt(values.filter((value) => value === null).length))
      const known = values.filter((value) => value !== null && !Number.isNaN(value)) as number[]
      if (known.length === 0) expect(ofNumbers?.min_value).toBeUndefined()
      else {
        // Zero is written with the sign that makes the bound hold for both zeros.
        expect(ofNumbers?.min_value).toBe(Math.min(...known) || -0)
        expect(ofNumbers?.max_value).toBe(Math.max(...known) || 0)
      }
      const used = texts.slice(0, values.length).map((text) => Buffer.from(text))
      const sorted = used.sort(Buffer.compare).map(String)
      for (const [bound, text] of [
        ['min_value', sorted[0]],
        ['max_value', sorted.at(-1)],
      ] as const) {
        const short = text !== undefined && Buffer.byteLength(text) <= 64
        expect(ofTexts?.[bound]).toBe(short ? text : undefined)
      }
    }),
    { numRuns: 60 },
  )
})
