import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { rolldown } from 'rolldown'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  startServer,
  type ServerProcess,
} from '../packages/longhaul/tests/harness/server-process.ts'
import { launchBrowser } from './launch-browser.ts'

const bytes = 3 * 1024 ** 2 + 5
/** Of another origin than the service, as pages are. */
const pageUrl = 'http://127.0.0.1:9/'
let dataDir: string
let server: ServerProcess
let browser: Browser
let page: Page

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'longhaul-uppy-'))
  server = await startServer({ sources: [], config: { dataDir } })
  const script = await bundle(path.join(import.meta.dirname, 'fixtures/uppy-in-page.ts'))
  browser = await launchBrowser()
  page = await browser.newPage()
  await page.route(`${pageUrl}**`, (route) =>
    route.fulfill(
      route.request().url() === pageUrl
        ? { contentType: 'text/html', body: '<!doctype html><title>Uppy</title>' }
        : { contentType: 'text/javascript', body: script },
    ),
  )
  await page.exposeFunction('killServer', restart)
  await page.exposeFunction('restartServer', restart)
  await page.goto(pageUrl)
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await server?.kill('SIGTERM')
  await rm(dataDir, { recursive: true, force: true })
})

async function bundle(input: string): Promise<string> {
  await using built = await rolldown({ input, platform: 'browser', logLevel: 'silent' })
  const { output } = await built.generate({ format: 'es', codeSplitting: false })
  return output[0].code
}

async function restart(): Promise<void> {
  await server.kill('SIGKILL')
  server = await startServer({
    sources: [],
    config: { dataDir, port: Number(new URL(server.url).port) },
  })
}

interface Told {
  offsets: number[]
  uploadUrl: string
}
const upload = (options: object): Promise<Told> =>
  page.evaluate<Told>(
    `import('/uppy.js').then((it) => it.uploadFile('${server.url}/uploads', ${bytes}, ${JSON.stringify(options)}))`,
  )

const expected = Buffer.alloc(bytes)
for (let at = 0, value = 1; at < bytes; at++) expected[at] = value = (value * 75 + 74) % 65_537
const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex')

/** Of the object itself, as it lies in the store. */
async function digestOf(uploadUrl: string): Promise<string> {
  const view = (await (await fetch(uploadUrl)).json()) as { uri: string; status: string }
  expect(view.status).toBe('completed')
  const key = view.uri.split('/').slice(3)
  expect(key.at(-1)).toBe('from-uppy.bin')
  return sha256(await readFile(path.join(dataDir, 'objects', ...key)))
}

it('Uppy uploads, pauses, and goes on after the service was killed in between', async () => {
  const { offsets, uploadUrl } = await upload({ pauseAt: 1024 ** 2 })
  expect(await digestOf(uploadUrl)).toBe(sha256(expected))
  // Nothing was sent again.
  expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b))
})

it('Uppy goes on by itself when the service is killed while it sends', async () => {
  const { uploadUrl } = await upload({ killAt: 1024 ** 2 })
  expect(await digestOf(uploadUrl)).toBe(sha256(expected))
})

it('Uppy sends one file in four parallel parts, also when the service is killed meanwhile', async () => {
  const { uploadUrl } = await upload({ parallelUploads: 4, killAt: 1024 ** 2 })
  expect(await digestOf(uploadUrl)).toBe(sha256(expected))
})
