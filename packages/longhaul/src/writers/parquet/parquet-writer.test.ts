import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import type { WriterFiles } from '../record-writer.ts'
import { parquetBytes } from './parquet-bytes.ts'
import { parquetWriter } from './parquet-writer.ts'
import { footerOf, readWithBoth } from './read-parquet.fixture.ts'

let folder: string
let given: [name: string, mediaType: string][]
let files: WriterFiles
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-parquet-'))
  given = []
  files = {
    pathFor: async (name) => path.join(folder, name),
    give: async (name, _, mediaType) => void given.push([name, mediaType]),
  }
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const schema = z.object({ n: z.int(), text: z.string().optional() })
const at = (name: string) => path.join(folder, name)
const rowsOf = async (name: string) => (await readWithBoth(at(name))).hyparquet

it('keeps the order of the calls, awaited or not', async () => {
  const writer = parquetWriter(files, 'rows', {
    maxBytes: 1e6,
    schema,
    groups: { rows: 2, bytes: 1000 },
  })
  await Promise.all([1, 2, 3, 4, 5].map((n) => writer.write({ n })))
  await writer.finish()
  await writer.finish()
  expect(given).toEqual([['rows_00000.parquet', 'application/vnd.apache.parquet']])
  expect((await rowsOf('rows_00000.parquet')).map(({ n }) => n)).toEqual([1n, 2n, 3n, 4n, 5n])
  expect((await footerOf(at('rows_00000.parquet'))).row_groups.map((one) => one.num_rows)).toEqual([
    2n,
    2n,
    1n,
  ])
})

it('makes no file of no row', async () => {
  await parquetWriter(files, 'rows', { maxBytes: 1e6, schema }).finish()
  expect([given, await readdir(folder)]).toEqual([[], []])
})

it('begins the next file before the limit would be passed, and gives the full one away', async () => {
  const groups = { rows: 1, bytes: 1e6 }
  const writer = parquetWriter(files, 'rows', {
    maxBytes: 1000,
    schema,
    groups,
    compression: 'none',
  })
  for (const letter of 'abc') await writer.write({ n: 1, text: letter.repeat(400) })
  await writer.write({ n: 2, text: 'd'.repeat(5000) }) // larger than a file: one of its own
  expect(given.map(([name]) => name)).toContain('rows_00000.parquet')
  await writer.write({ n: 3 })
  await writer.finish()
  const counts = await Promise.all(given.map(async ([name]) => (await rowsOf(name)).length))
  expect(counts).toEqual([2, 1, 1, 1])
})

it('is one file of that name when the name ends in .parquet, however many rows', async () => {
  const groups = { rows: 10, bytes: 1e6 }
  const writer = parquetWriter(files, 'part-0000.parquet', { maxBytes: 1, schema, groups })
  for (let n = 0; n < 95; n++) await writer.write({ n })
  await writer.finish()
  expect(given.map(([name]) => name)).toEqual(['part-0000.parquet'])
  expect(await rowsOf('part-0000.parquet')).toHaveLength(95)
  await writer.write({ n: 95 })
  await expect(writer.finish()).rejects.toThrow('nothing can follow its end')
})

it('writes a row group while the next one fills, so that memory holds two of them', async () => {
  const groups = { rows: 1000, bytes: 1e6 }
  const writer = parquetWriter(files, 'rows', {
    maxBytes: 1e9,
    schema,
    groups,
    compression: 'none',
  })
  for (let n = 0; n < 3500; n++) await writer.write({ n })
  expect((await stat(at('rows_00000.parquet'))).size).toBeGreaterThan(2 * 8 * 1000)
  await writer.abandon()
  expect(given).toEqual([])
})

it('refuses a row that does not fit, names the place, and goes on', async () => {
  const writer = parquetWriter(files, 'rows', { maxBytes: 1e6, schema })
  await writer.write({ n: 1 })
  await expect(writer.write({ n: 1.5 })).rejects.toThrow(/int/)
  await expect(writer.write(7)).rejects.toThrow()
  await writer.write({ n: 2 })
  expect(writer.count).toBe(2)
  await writer.finish()
  expect((await rowsOf('rows_00000.parquet')).map(({ n }) => n)).toEqual([1n, 2n])

  const loose = z.object({ text: z.string(), big: z.bigint() })
  const other = parquetWriter(files, 'other', { maxBytes: 1e6, schema: loose })
  await expect(other.write({ text: 'no', big: 2n ** 63n })).rejects.toThrow(
    'Record 0 of other: big must be a whole number that is exact (a bigint beyond 2^53), got 9223372036854775808',
  )
  await other.write({ text: 'yes', big: 7n })
  await other.finish()
  expect(await rowsOf('other_00000.parquet')).toEqual([{ text: 'yes', big: 7n }])
})

it.each([
  ['a string', z.string()],
  ['no column', z.object({})],
  ['columns without a name', z.looseObject({ a: z.int() })],
  ['records of any name', z.record(z.string(), z.int())],
])('refuses a schema of %s: it is no table', (_, wrong) => {
  expect(() => parquetWriter(files, 'rows', { maxBytes: 1, schema: wrong })).toThrow(
    /A Parquet table has named columns: the schema of rows must be z.object/,
  )
})

it('refuses to go on with other columns than those of the checkpoint', async () => {
  const writer = parquetWriter(files, 'rows', { maxBytes: 1e6, schema })
  await writer.write({ n: 1 })
  const restored = await writer.flush()
  await writer.abandon()
  const others = z.object({ n: z.number(), text: z.string().optional() })
  expect(() => parquetWriter(files, 'rows', { maxBytes: 1e6, schema: others, restored })).toThrow(
    'rows has other columns than in the checkpoint',
  )
  expect(() =>
    parquetWriter(files, 'rows', { maxBytes: 1e6, restored: { count: 0, files: 0 } }),
  ).toThrow('give rows a schema')
})

it('leaves no journal behind', async () => {
  const writer = parquetWriter(files, 'rows', { maxBytes: 1e6, schema })
  await writer.write({ n: 1 })
  expect(await writer.flush()).toMatchObject({ count: 1, files: 1, bytes: 4 })
  expect(await readdir(folder)).toEqual(['rows_00000.parquet', 'rows_00000.parquet.journal'])
  await writer.finish()
  expect(await readdir(folder)).toEqual(['rows_00000.parquet'])
})

it('makes the same bytes as ever: whoever changes them on purpose changes the name in the footer too', async () => {
  const writer = parquetWriter(files, 'rows', { maxBytes: 1e6, schema, compression: 'none' })
  await writer.write({ n: 1, text: 'one' })
  await writer.write({ n: -2 })
  await writer.finish()
  const bytes = await readFile(at('rows_00000.parquet'))
  expect(bytes.includes('longhaul version 1')).toBe(true)
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(
    '7df52115519d24958e9a0d0435160aa67d4b41dc28cf2acfccdcbe620d6d78a6',
  )
})

it('makes a file for an answer too, also one without rows', async () => {
  for (const count of [0, 3]) {
    const chunks: Buffer[] = []
    const rows = Array.from({ length: count }, (_, n) => ({ n }))
    for await (const chunk of parquetBytes(schema, rows)) chunks.push(chunk)
    await writeFile(at('answer.parquet'), Buffer.concat(chunks))
    expect(await rowsOf('answer.parquet')).toHaveLength(count)
    expect((await readWithBoth(at('answer.parquet'))).arrow).toHaveLength(count)
  }
})
