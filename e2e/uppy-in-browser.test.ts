import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
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
const sources = [
  {
    kind: 'file' as const,
    path: path.join(import.meta.dirname, '../packages/longhaul/tests/fixtures/digest.ts'),
  },
]
let dataDir: string
let server: ServerProcess
/** Of another origin than the service, as pages are. */
let pages: Server
let browser: Browser
let page: Page

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'longhaul-uppy-'))
  server = await startServer({ sources, config: { dataDir } })
  const script = await bundle(path.join(import.meta.dirname, 'fixtures/uppy-in-page.ts'))
  pages = createServer((request, response) => {
    const isPage = request.url === '/'
    response.setHeader('content-type', isPage ? 'text/html' : 'text/javascript')
    response.end(isPage ? '<!doctype html><title>Uppy</title>' : script)
  })
  await once(pages.listen(0, '127.0.0.1'), 'listening')
  browser = await launchBrowser()
  page = await browser.newPage()
  await page.exposeFunction('killServer', restart)
  await page.exposeFunction('restartServer', restart)
  await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`)
}, 120_000)
afterAll(async () => {
  await browser?.close()
  pages?.close()
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
    sources,
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
const sha256 = createHash('sha256').update(expected).digest('hex')
const all = { name: 'from-uppy.bin', bytes, sha256 }

/** What a job finds that names the upload and reads its object. */
async function readBy(uploadUrl: string): Promise<unknown> {
  const answer = await fetch(`${server.url}/processors/digest/run`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=60' },
    body: JSON.stringify({ input: { data: { upload_id: uploadUrl.split('/').at(-1) } } }),
  })
  return ((await answer.json()) as { result?: unknown }).result
}

it('Uppy uploads, pauses, and goes on after the service was killed in between', async () => {
  const { offsets, uploadUrl } = await upload({ pauseAt: 1024 ** 2 })
  expect(await readBy(uploadUrl)).toEqual(all)
  // Nothing was sent again.
  expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b))
})

it('Uppy sends one file in four parallel parts, also when the service is killed meanwhile', async () => {
  const { uploadUrl } = await upload({ parallelUploads: 4, killAt: 1024 ** 2 })
  expect(await readBy(uploadUrl)).toEqual(all)
})
