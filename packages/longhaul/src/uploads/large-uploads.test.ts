import { createHash } from 'node:crypto'
import { appendFile, open } from 'node:fs/promises'
import path from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { journalLine } from '../storage/local/journal.ts'
import { abortStrays } from './expire-uploads.ts'
import { partBytesOf, partCountOf } from './part-layout.ts'
import { baseUrl, openUploads, type UploadsUnderTest } from './uploads.fixture.ts'

let test: UploadsUnderTest
beforeEach(async () => {
  test = await openUploads(3600, { maxUploadBytes: 10e12 })
})
afterEach(() => test[Symbol.asyncDispose]())

const MiB = 1024 ** 2
const owner = 'ada'

it('keeps an upload of 10 TB in one sparse file, and completes it without reading it', async () => {
  const sizeBytes = 10e12
  const storage = { ...test.storage, freeBytes: async () => undefined } // there is no such disk here
  const uploads = test.again({ storage })
  const { files } = await uploads.start({
    owner,
    files: [{ filename: 'huge.bin', sizeBytes, appended: true }],
    partBytes: 16 * MiB,
    baseUrl,
  })
  const [file] = files
  if (!file) throw new Error('nothing started')
  const folder = path.join(test.folder, 'objects/.longhaul/uploads', file.storeUploadId)
  const layout = { sizeBytes, partBytes: file.partBytes }
  const count = partCountOf(layout)
  expect(count).toBeGreaterThan(8000)

  // As if all parts but three had come: a few bytes of each are there, and a line of the journal says the rest.
  const data = await open(path.join(folder, 'data'), 'r+')
  const lines: string[] = []
  try {
    await data.truncate(sizeBytes)
    for (let n = 1; n <= count; n++) {
      const sha256 = createHash('sha256').update(String(n)).digest('hex')
      const part = { partNumber: n, size: partBytesOf(layout, n), sha256, etag: '', file: 'data' }
      lines.push(journalLine({ part }))
      if (n % 100 === 0) await data.write(`part ${n}`, (n - 1) * file.partBytes)
    }
  } finally {
    await data.close()
  }
  const journal = path.join(folder, 'journal')
  const missing = [1, 4000, count]
  await appendFile(journal, lines.filter((_, n) => !missing.includes(n + 1)).join(''))

  const before = process.memoryUsage.rss()
  expect((await uploads.get(file.fileId, owner)).missingParts).toEqual(missing)
  await appendFile(journal, missing.map((n) => lines[n - 1]).join(''))
  const done = await uploads.complete({ owner, fileId: file.fileId })
  expect(done).toMatchObject({ sizeBytes })
  expect(done.sha256).toBeUndefined()
  expect((process.memoryUsage.rss() - before) / MiB).toBeLessThan(100)
  const start = 4999 * file.partBytes
  const { body } = await test.storage.get(done.key, { start, end: start + 8 })
  expect(String(await buffer(body))).toBe('part 5000')
})

/** Set to 10000 for the figure that is promised. */
const sessions = Number(process.env['LONGHAUL_TEST_SESSIONS'] ?? 200)

it('lists and ends many open sessions a few at a time', async () => {
  const late = test.again({ keepSeconds: -1 })
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const longestMs: Record<string, number> = {}
  async function watched<T>(step: string, work: () => Promise<T>): Promise<T> {
    delay.reset()
    delay.enable()
    const result = await work()
    delay.disable()
    longestMs[step] = delay.max / 1e6
    return result
  }
  const files = Array.from({ length: Math.min(sessions, 500) }, (_, n) => ({
    filename: `${n}`,
    sizeBytes: 1,
    appended: true,
  }))
  for (let n = 0; n < sessions; n += files.length)
    await late.start({ owner, files, partBytes: 10, baseUrl })

  const listed: string[] = []
  await watched('list', async () => {
    for await (const { uploadId } of test.storage.listUploads('datasets/')) listed.push(uploadId)
  })
  expect(new Set(listed).size).toBe(sessions)
  await watched('list again', async () => {
    for await (const { uploadId } of test.storage.listUploads('datasets/')) listed.push(uploadId)
  })
  await watched('room', () => test.uploads.checkRoom(1))
  await watched('strays', () => abortStrays(test.context))
  expect(await watched('expire', () => late.expire())).toBe(sessions)
  for await (const open of test.storage.listUploads('')) expect(open).toBeUndefined()
  if (sessions >= 10_000)
    process.stderr.write(`longest hold of the loop, ms: ${JSON.stringify(longestMs)}\n`)
}, 900_000)
