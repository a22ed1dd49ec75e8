import fc from 'fast-check'
import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import {
  jsonlWriter,
  parquetWriter,
  shardWriter,
  type Resumable,
  type WriterFiles,
  type WriterState,
} from './index.ts'

let folder: string
beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'longhaul-resume-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

const kinds = {
  'rows as JSON lines': (files: WriterFiles, maxBytes: number, restored?: WriterState) => {
    const writer = jsonlWriter(files, 'made', { maxBytes, restored })
    return { writer, write: (n: number, text: string) => writer.write({ n, text }) }
  },
  'rows as tables': (files: WriterFiles, maxBytes: number, restored?: WriterState) => {
    const schema = z.object({ n: z.int(), text: z.string().nullable(), half: z.number() })
    const groups = { rows: 3, bytes: 1200 }
    const writer = parquetWriter(files, 'made', { maxBytes, restored, schema, groups })
    const write = (n: number, text: string) =>
      writer.write({ n, text: text.length < 3 ? null : text, half: n / 2 })
    return { writer, write }
  },
  'members of shards': (files: WriterFiles, maxBytes: number, restored?: WriterState) => {
    const writer = shardWriter(files, 'made', { maxBytes, restored })
    return { writer, write: (n: number, text: string) => writer.add(`deep/${n}.txt`, text) }
  },
}

/** What lies in a folder of its own after the texts were written by attempts that end at these places. */
async function filesOf(
  make: (typeof kinds)[keyof typeof kinds],
  { texts, maxBytes, ends }: { texts: string[]; maxBytes: number; ends: number[] },
): Promise<Record<string, string>> {
  const here = await mkdtemp(path.join(folder, 'run-'))
  const given = new Set<string>()
  const files: WriterFiles = {
    pathFor: (name) => Promise.resolve(path.join(here, name)),
    give: (name) => Promise.resolve(void given.add(name)),
  }
  let state: WriterState | undefined
  let done = 0
  for (const end of [
    ...ends.filter((at) => at < texts.length).sort((a, b) => a - b),
    texts.length,
  ]) {
    const { writer, write } = make(files, maxBytes, state)
    expect(writer.count).toBe(done)
    for (; done < end; done++) await write(done, texts[done] ?? '')
    if (end === texts.length) await writer.finish()
    else state = asStored(await (writer as Resumable).flush())
    expect(writer.count).toBe(done)
    await writer.abandon()
    // What was written after the checkpoint, and is to be forgotten.
    for (const name of await readdir(here))
      if (!given.has(name)) await appendFile(path.join(here, name), 'torn')
  }
  const made: Record<string, string> = {}
  for (const name of [...given].sort()) made[name] = await readFile(path.join(here, name), 'base64')
  return made
}

/** A checkpoint is JSON in a database. */
const asStored = (state: WriterState): WriterState =>
  JSON.parse(JSON.stringify(state)) as WriterState

it.each(Object.keys(kinds) as (keyof typeof kinds)[])(
  'writes the same files of %s wherever it is interrupted',
  async (kind) => {
    const histories = fc.record({
      texts: fc.array(fc.string({ maxLength: 900 }), { minLength: 1, maxLength: 12 }),
      maxBytes: fc.integer({ min: 50, max: 3000 }),
      ends: fc.array(fc.nat({ max: 12 }), { maxLength: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const whole = await filesOf(kinds[kind], { ...history, ends: [] })
        expect(await filesOf(kinds[kind], history)).toEqual(whole)
      }),
      { numRuns: 60 },
    )
  },
)
