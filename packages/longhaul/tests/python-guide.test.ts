import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasPython } from './harness/python.ts'
import { attemptOverProtocol, type PythonAttempt, type PythonCall } from './harness/python-child.ts'

const guide = path.join(import.meta.dirname, '../../../docs/guides/python.md')

/** Every example of the guide, how it is called, and what it then says. */
const calls: Record<string, { call: Omit<PythonCall, 'file'>; check(said: PythonAttempt): void }> =
  {
    'word_count.py': {
      call: {
        files: {
          texts: [
            ['a.txt', 'one two'],
            ['b.txt', 'a three'],
          ],
        },
        input: { shortest: 2 },
      },
      check({ end, outputs }) {
        expect(end).toEqual({
          type: 'result',
          value: { words: 3, table: { $output: 'counts.csv' } },
        })
        expect(outputs).toEqual({ 'counts.csv': 'a.txt,2\nb.txt,1\n' })
      },
    },
    'tiles.py': {
      call: { files: { image: ['cat.png', 'abcdef'] } },
      check({ end, outputs, messages }) {
        const [table, shards] = [
          [{ $output: 'tiles_00000.jsonl' }],
          [{ $output: 'pixels_00000.tar' }],
        ]
        expect(end).toEqual({ type: 'result', value: { tiles: 2, table, shards } })
        expect(outputs['summary.txt']).toBe('2 tiles')
        expect(outputs['tiles_00000.jsonl']).toBe(
          '{"start": 0, "total": 394}\n{"start": 4, "total": 203}\n',
        )
        expect(messages.filter(({ type }) => type === 'progress').at(-1)).toMatchObject({
          done: 2,
          total: 2,
        })
      },
    },
    'cells.py': {
      call: { files: { images: ['a.bin', 'abcdef\u0000ab'] } },
      check({ end, outputs }) {
        const table = [{ $output: 'cells_00000.parquet' }]
        expect(end).toEqual({ type: 'result', value: { cells: 2, table } })
        expect(outputs['cells_00000.parquet']).toMatch(/^PAR1[^]*PAR1$/)
      },
    },
    'segment.py': {
      call: {
        files: {
          images: [
            ['a.bin', '\u007f\u0001'],
            ['b.bin', '\u007e'],
          ],
        },
        input: { threshold: 0.39 },
      },
      check({ end, outputs, messages }) {
        expect(end).toEqual({
          type: 'result',
          value: { segment: [{ $output: 'segment_00000.jsonl' }] },
        })
        expect(outputs['segment_00000.jsonl']).toBe(
          '{"image": "a.bin", "offset": 0, "value": 127}\n{"image": "b.bin", "offset": 0, "value": 126}\n',
        )
        expect(messages[0]).toMatchObject({
          processors: [
            { name: 'segment', memory_bytes: 6e9, timeout_ms: 7_200_000, max_attempts: 3 },
          ],
        })
      },
    },
  }

describe.skipIf(!hasPython())('the guide for authors in Python', () => {
  const examples = new Map<string, string>()
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'longhaul-guide-'))
    const text = await readFile(guide, 'utf8')
    for (const [, code = ''] of text.matchAll(/^```python\n([\s\S]*?)^```$/gm)) {
      if (/^from longhaul import .*Client/m.test(code)) continue // run by http-python-client.test.ts
      const name = /^# (\S+\.py)\n/.exec(code)?.[1] ?? code
      examples.set(name, code)
      await writeFile(path.join(folder, name), code)
    }
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('has no example that is not run', () => {
    expect([...examples.keys()]).toEqual(Object.keys(calls))
  })

  it.each(Object.entries(calls))('%s does what the guide says', async (name, { call, check }) => {
    check(await attemptOverProtocol({ ...call, file: path.join(folder, name) }))
  })
})
