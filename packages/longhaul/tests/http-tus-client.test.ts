import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import * as tus from 'tus-js-client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AppOptions } from '../src/app/index.ts'
import { ownBackends } from './harness/backends.ts'
import { fixture } from './harness/http-service.ts'
import { until } from './harness/until.ts'
import { startServer, type ServerProcess } from './harness/server-process.ts'

const { Upload } = tus
// Its types leave out what it has on Node alone.
const { FileUrlStorage } = tus as unknown as {
  FileUrlStorage: new (path: string) => tus.UrlStorage
}

/** tus-js-client as it comes from npm, against a service that is killed. */
let folder: string
let options: AppOptions
let server: ServerProcess
const MiB = 1024 ** 2
const bytes = randomBytes(5 * MiB + 3)
const sha256 = createHash('sha256').update(bytes).digest('hex')

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-tus-'))
  options = {
    sources: [{ kind: 'file', path: fixture('digest.ts') }],
    config: { dataDir: path.join(folder, 'data'), ...(await ownBackends()) },
  }
  server = await startServer(options)
}, 120_000)
afterAll(async () => {
  await server?.kill('SIGTERM')
  await rm(folder, { recursive: true, force: true })
})

type Source = ConstructorParameters<typeof Upload>[0]

/** Begins an upload of `bytes`; `done` ends with its URL. */
function begin(more: tus.UploadOptions = {}, source: Source = bytes) {
  let upload: tus.Upload | undefined
  const done = new Promise<string>((resolve, reject) => {
    upload = new Upload(source, {
      endpoint: `${server.url}/uploads`,
      metadata: { filename: 'random.bin', filetype: 'application/octet-stream' },
      chunkSize: MiB,
      retryDelays: [100, 200, 400, 800, 1600, 3200, 6400],
      onSuccess: () => resolve(upload?.url ?? ''),
      onError: reject,
      ...more,
    })
  })
  if (!upload) throw new Error('no upload')
  return { upload, done }
}

/** What a job finds that names the upload. */
async function readBy(url: string): Promise<unknown> {
  const upload_id = url.split('/').at(-1)
  const answer = await fetch(`${server.url}/processors/digest/run`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=60' },
    body: JSON.stringify({ input: { data: { upload_id } } }),
  })
  return ((await answer.json()) as { result?: unknown }).result
}
const all = { name: 'random.bin', bytes: bytes.length, sha256 }

async function killAndStartAgain(): Promise<void> {
  await server.kill('SIGKILL')
  const port = Number(new URL(server.url).port)
  server = await startServer({ ...options, config: { ...options.config, port } })
}

it('uploads a file, which a job then reads by its upload id', async () => {
  const { upload, done } = begin({ uploadDataDuringCreation: true })
  upload.start()
  expect(await readBy(await done)).toEqual(all)
})

it('uploads a stream whose length nobody knows', async () => {
  const stream = Readable.from(pieces()) as unknown as Source
  const { upload, done } = begin({ uploadLengthDeferred: true }, stream)
  upload.start()
  expect(await readBy(await done)).toEqual(all)
})

function* pieces(): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
}

it('sends one file in four parallel parts', async () => {
  const { upload, done } = begin({ parallelUploads: 4 })
  upload.start()
  expect(await readBy(await done)).toEqual(all)
})

it('goes on after a pause, in which the service was killed', async () => {
  const urlStorage = new FileUrlStorage(path.join(folder, 'urls.json'))
  const fingerprint = async () => 'random'
  const paused = new Promise<void>((resolve) => {
    const { upload } = begin({
      urlStorage,
      fingerprint,
      onChunkComplete: (_size, accepted) => {
        if (accepted >= 2 * MiB) void upload.abort().then(resolve)
      },
    })
    upload.start()
  })
  await paused
  await killAndStartAgain()
  const accepted: number[] = []
  const { upload, done } = begin({
    urlStorage,
    fingerprint,
    onChunkComplete: (_size, offset) => accepted.push(offset),
  })
  const [previous] = await upload.findPreviousUploads()
  expect(previous).toBeDefined()
  if (previous) upload.resumeFromPreviousUpload(previous)
  upload.start()
  expect(await readBy(await done)).toEqual(all)
  expect(accepted[0]).toBeGreaterThan(2 * MiB)
})

it('goes on by itself when the service is killed in the middle of four parts', async () => {
  let killed: Promise<void> | undefined
  const { upload, done } = begin({
    parallelUploads: 4,
    chunkSize: MiB / 2,
    onProgress: (sent) => {
      if (sent >= 2 * MiB) killed ??= killAndStartAgain()
    },
  })
  upload.start()
  const url = await done
  await killed
  expect(killed).toBeDefined()
  expect(await readBy(url)).toEqual(all)
})

it('gives up an upload, and its parts', async () => {
  for (const parallelUploads of [1, 4]) {
    let aborted: Promise<void> | undefined
    const requests: string[] = []
    await new Promise<void>((resolve, reject) => {
      const { upload } = begin({
        parallelUploads,
        chunkSize: 300_000,
        onProgress: (sent) => {
          if (sent < MiB) return
          aborted ??= upload.abort(true)
          aborted.then(resolve, reject)
        },
        onAfterResponse: (request, response) => {
          requests.push(`${request.getMethod()} ${response.getStatus()}`)
        },
      })
      upload.start()
    })
    // Of its parts it does not wait for the answers.
    const ended = () => requests.filter((request) => request === 'DELETE 204').length
    await until('the end of every part', () => ended() === parallelUploads)
  }
})
