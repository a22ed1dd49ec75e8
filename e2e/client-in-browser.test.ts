import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire, stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createApp, type App } from 'longhaul'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser } from './launch-browser.ts'

const root = path.join(import.meta.dirname, '..')
const zod = path.dirname(createRequire(import.meta.url).resolve('zod/package.json'))
/** Where a page finds what the client consists of; nothing is bundled, and nothing of Node is there. */
const modules: Readonly<Record<string, string>> = {
  client: path.join(root, 'packages/client/src'),
  protocol: path.join(root, 'packages/protocol/src'),
  fixtures: path.join(import.meta.dirname, 'fixtures'),
  zod,
}
const importMap = {
  imports: {
    '@longhaul/client': '/__page/client/index.ts',
    '@longhaul/protocol': '/__page/protocol/index.ts',
    zod: '/__page/zod/index.js',
  },
}

let app: App
let url: string
let dataDir: string
let browser: Browser
let page: Page
beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'longhaul-browser-'))
  app = await createApp({
    sources: [{ kind: 'file', path: path.join(import.meta.dirname, 'fixtures/count-bytes.ts') }],
    config: { dataDir, port: 0, logLevel: 'warn' },
  })
  url = await app.listen({ port: 0 })
  browser = await launchBrowser()
  page = await browser.newPage()
  await page.route('**/__page/**', async (route) => {
    const [, , folder = '', ...names] = new URL(route.request().url()).pathname.split('/')
    if (folder === '')
      return route.fulfill({
        contentType: 'text/html',
        body: `<script type="importmap">${JSON.stringify(importMap)}</script>`,
      })
    const file = path.join(modules[folder] ?? '', ...names)
    const code = await readFile(file, 'utf8')
    const body = file.endsWith('.ts') ? stripTypeScriptTypes(code) : code
    return route.fulfill({ contentType: 'text/javascript', body })
  })
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await app?.stop()
  await rm(dataDir, { recursive: true, force: true })
})

it('uploads in parts, goes on after the page was closed, waits and downloads, in a real browser', async () => {
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.method() === 'PUT') sent.push(new URL(request.url()).pathname)
  })
  // The last of three parts does not come through the first time.
  const isLast = (address: URL) => /^\/storage\/parts\/[^/]+\/3$/.test(address.pathname)
  await page.route(isLast, (route) => route.abort())
  await page.goto(`${url}/__page/`)
  // As text: a function of this file would be one that the test runner has changed.
  const uploadAndWait = `import('/__page/fixtures/upload-in-page.ts').then((it) => it.uploadAndWait('${url}'))`
  expect(await page.evaluate(uploadAndWait)).toMatchObject({ error: 'UnreachableError' })
  expect(sent).toHaveLength(3)

  await page.unroute(isLast)
  await page.reload()
  const done = await page.evaluate(uploadAndWait)
  expect(sent).toHaveLength(4)
  expect(done).toEqual({
    told: [
      [33_554_432, 33_554_437],
      [33_554_437, 33_554_437],
    ],
    status: 'completed',
    result: { bytes: 33_554_437, copy: expect.objectContaining({ name: 'count.txt' }) },
    streamed: true,
    downloaded: '33554437 bytes',
    verified: true,
  })
})
