import { appendFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { parseAttemptLog, type AttemptLogLine } from '../runners/index.ts'
import { localStorage } from '../storage/local/index.ts'
import type { Storage } from '../storage/object-store.ts'
import { LogCopies } from './log-copies.ts'

const lease = { jobId: 'j_1', attempt: 2, nonce: 'n' }
const key = 'jobs/j_1/logs/2.log'
let folder: string
let storage: Storage
let copies: LogCopies
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-logs-'))
  storage = await localStorage({
    root: path.join(folder, 'objects'),
    bucket: 'b',
    secretFile: path.join(folder, 'secret'),
  })
  copies = new LogCopies(storage, folder, pino({ level: 'silent' }))
  await mkdir(path.join(folder, 'logs/j_1'), { recursive: true })
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const write = (text: string, piece = '') =>
  appendFile(
    path.join(folder, `logs/j_1/2.log${piece}`),
    `${JSON.stringify({ at: 1, from: 'stdout', text })}\n`,
  )
async function stored(): Promise<string[]> {
  if ((await storage.head(key)) === undefined) return []
  const lines: AttemptLogLine[] = []
  const { body } = await storage.get(key)
  for await (const line of parseAttemptLog(body as AsyncIterable<Uint8Array>)) lines.push(line)
  return lines.map(({ text }) => text)
}

it('has the whole log in the store when the attempt ends, the gap between its pieces told', async () => {
  copies.follow(lease)
  await write('first')
  await write('last', '.000000000004096')
  await copies.finish(lease)
  expect(await stored()).toEqual(['first', expect.stringContaining('were dropped here'), 'last'])
})

it('stores nothing of an attempt that said nothing', async () => {
  copies.follow(lease)
  await copies.finish(lease)
  expect(await storage.head(key)).toBeUndefined()
})

it('follows a log while it is written, and no longer than the attempt', async () => {
  const ended = new AbortController()
  copies.follow(lease)
  await write('one')
  const running = copies.run(ended.signal)
  await expect.poll(stored, { timeout: 10_000 }).toEqual(['one'])
  await write('two')
  await expect.poll(stored, { timeout: 10_000 }).toEqual(['one', 'two'])
  copies.forget(lease)
  ended.abort()
  await running
})

it('never fails an attempt over a store that takes no log', async () => {
  const refusing = { put: () => Promise.reject(new Error('the store is away')) }
  const lost = new LogCopies(refusing, folder, pino({ level: 'silent' }))
  await write('one')
  await lost.finish(lease)
})
