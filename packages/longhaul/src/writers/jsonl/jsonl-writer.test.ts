import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import type { WriterFiles } from '../record-writer.ts'
import { jsonlWriter } from './jsonl-writer.ts'

let folder: string
let given: string[]
let files: WriterFiles
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-jsonl-'))
  given = []
  files = {
    pathFor: async (name) => path.join(folder, name),
    give: async (name) => void given.push(name),
  }
})
afterEach(() => rm(folder, { recursive: true, force: true }))
const contentOf = (name: string) => readFile(path.join(folder, name), 'utf8')

it('writes one object a line, in the order of the calls', async () => {
  const writer = jsonlWriter(files, 'rows', { maxBytes: 1000 })
  await Promise.all([
    writer.write({ a: 1 }),
    writer.write({ a: 'é\u2028' }),
    writer.write({ a: NaN }),
  ])
  expect(writer.count).toBe(3)
  await writer.finish()
  await writer.finish()
  expect(given).toEqual(['rows_00000.jsonl'])
  expect(await contentOf('rows_00000.jsonl')).toBe(
    '{"a": 1}\n{"a": "\\u00e9\\u2028"}\n{"a": null}\n',
  )
})

it('makes no file of no record', async () => {
  await jsonlWriter(files, 'rows', { maxBytes: 1000 }).finish()
  expect(given).toEqual([])
})

it('gives a file away before the next record would pass the limit', async () => {
  const writer = jsonlWriter(files, 'rows', { maxBytes: 18 })
  await writer.write({ a: 1 }) // 9 bytes
  await writer.write({ a: 2 }) // 18 bytes: full, not passed
  expect(given).toEqual([])
  await writer.write({ a: 3 })
  expect(given).toEqual(['rows_00000.jsonl'])
  await writer.write({ long: 'x'.repeat(100) }) // larger than a file: one of its own
  await writer.write({ a: 5 })
  await writer.finish()
  expect(given).toEqual([0, 1, 2, 3].map((index) => `rows_0000${index}.jsonl`))
  expect(await contentOf('rows_00002.jsonl')).toBe(`{"long": "${'x'.repeat(100)}"}\n`)
})

it('checks records against their schema, and refuses what is no object', async () => {
  const typed = jsonlWriter(files, 'typed', { maxBytes: 1000, schema: z.object({ n: z.int() }) })
  await expect(typed.write({ n: 1.5 })).rejects.toThrow(/int/)
  await typed.write({ n: 2 })
  await expect(jsonlWriter(files, 'rows', { maxBytes: 9 }).write([1])).rejects.toThrow(
    'Record 0 of rows must be an object',
  )
  expect(typed.count).toBe(1)
  await typed.abandon()
  expect(given).toEqual([])
})

it('loses and reorders nothing, and fills files as far as the limit allows, whatever the records', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ text: fc.string({ unit: 'grapheme', maxLength: 60 }) }), {
        maxLength: 40,
      }),
      fc.integer({ min: 10, max: 200 }),
      async (records, maxBytes) => {
        given = []
        const writer = jsonlWriter(files, 'p', { maxBytes })
        for (const record of records) await writer.write(record)
        await writer.finish()
        const contents = await Promise.all(given.map(contentOf))
        const lines = contents.flatMap((content) => content.split('\n').slice(0, -1))
        expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(records)
        contents.forEach((content, index) => {
          const next = contents[index + 1]?.split('\n')[0]
          const bytes = Buffer.byteLength(content)
          if (content.split('\n').length > 2) expect(bytes).toBeLessThanOrEqual(maxBytes)
          if (next !== undefined)
            expect(bytes + Buffer.byteLength(next) + 1).toBeGreaterThan(maxBytes)
        })
      },
    ),
    { numRuns: 60 },
  )
})
