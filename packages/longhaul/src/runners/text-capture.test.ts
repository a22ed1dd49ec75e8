import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Progress } from '../jobs/job.ts'
import { AttemptLog, readAttemptLog } from './attempt-log.ts'
import { TextCapture } from './text-capture.ts'

let folder: string
let log: AttemptLog
let bars: Progress[]
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-text-'))
  log = new AttemptLog(path.join(folder, '1.log'))
  bars = []
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function textsAfter(chunks: readonly (string | Buffer)[]): Promise<string[]> {
  const capture = new TextCapture('stderr', log, (progress) => bars.push(progress))
  for (const chunk of chunks) capture.feed(Buffer.from(chunk))
  capture.end()
  await log.close()
  const texts: string[] = []
  for await (const line of readAttemptLog(path.join(folder, '1.log'))) texts.push(line.text)
  return texts
}

it('cuts lines wherever chunks end, inside a character too', async () => {
  const bytes = Buffer.from('één\ntwo\r\n\nlast, without an end')
  const chunks = [...bytes].map((byte) => Buffer.from([byte]))
  expect(await textsAfter(chunks)).toEqual(['één', 'two', '', 'last, without an end'])
})

it('reads bars as progress and logs only the complete one', async () => {
  const states = Array.from(
    { length: 41 },
    (_, n) => `\r${Math.round(n * 2.5)}%|#| ${n}/40 [00:01<00:01, 9it/s]`,
  )
  const texts = await textsAfter(['begin\n', ...states, '\n', 'end\n'])
  expect(texts).toEqual(['begin', '100%|#| 40/40 [00:01<00:01, 9it/s]', 'end'])
  expect(bars.at(0)).toMatchObject({ done: 0, total: 40 })
  expect(bars.at(-1)).toMatchObject({ done: 40, total: 40, percent: 100 })
})

it('takes the outermost of nested bars, and logs none of their states', async () => {
  const chunks: string[] = []
  for (let outer = 0; outer < 3; outer++) {
    chunks.push(`\router: ${outer * 33}%|#| ${outer}/3 [00:01<00:01]`)
    for (let inner = 0; inner < 3; inner++)
      chunks.push('\n', `\rinner: ${inner * 33}%|#| ${inner}/3 [00:00<00:00]`, '\u001b[A')
  }
  expect(await textsAfter([...chunks, '\n', 'done\n'])).toEqual(['done'])
  expect(new Set(bars.map(({ stage }) => stage))).toEqual(new Set(['outer']))
})

it('shows the newest state of a bar although nothing follows it', async () => {
  const capture = new TextCapture('stderr', log, (progress) => bars.push(progress))
  capture.feed(Buffer.from('\r 37%|###   | 15/40 [00:03<00:05, 4.9it/s]'))
  await vi.waitUntil(() => bars.length === 1, { timeout: 10_000 })
  expect(bars[0]).toMatchObject({ done: 15, total: 40 })
  capture.end()
  await log.close()
})

it('logs a line that is drawn over in its last state only', async () => {
  expect(await textsAfter(['step 1\rstep 2\r', 'step 3\nnext\n', 'spinning\r'])).toEqual([
    'step 3',
    'next',
    'spinning',
  ])
})

it('cuts a line that never ends, and holds little of it', async () => {
  const capture = new TextCapture('stdout', log)
  const chunk = Buffer.alloc(64 * 1024, 'x')
  const before = process.memoryUsage().rss
  for (let mebibytes = 0; mebibytes < 100; mebibytes++) {
    for (let part = 0; part < 16; part++) capture.feed(chunk)
    await log.pressure
  }
  const grown = process.memoryUsage().rss - before
  capture.end()
  await log.close()
  let first = true
  let longest = 0
  for await (const line of readAttemptLog(path.join(folder, '1.log'))) {
    if (first) expect(line.cut).toBe(true)
    first = false
    longest = Math.max(longest, line.text.length)
  }
  expect(longest).toBe(64 * 1024)
  expect(grown).toBeLessThan(100 * 1024 * 1024)
})

it('remembers the last words', () => {
  const capture = new TextCapture('stderr', log)
  capture.feed(Buffer.from(`${'early\n'.repeat(5000)}Error: no room\nat the end`))
  expect(capture.tail).toMatch(/Error: no room\nat the end$/)
  expect(capture.tail.length).toBeLessThanOrEqual(4096)
  capture.end()
})
