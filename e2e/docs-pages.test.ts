import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createApp, type App } from 'longhaul'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser } from './launch-browser.ts'

let app: App
let url: string
let dataDir: string
let browser: Browser

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'longhaul-docs-'))
  app = await createApp({
    sources: [{ kind: 'file', path: path.join(import.meta.dirname, 'fixtures/shout.ts') }],
    config: { dataDir, port: 0, logLevel: 'warn' },
  })
  url = await app.listen({ port: 0 })
  browser = await launchBrowser()
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
  await rm(dataDir, { recursive: true, force: true })
})

/** Opens a page and gives what it complained of and whom it asked besides us. */
async function open(pathname: string, ready: string) {
  const page = await browser.newPage()
  const complaints: string[] = []
  const strangers: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('response', (answer) => {
    if (answer.status() >= 400) complaints.push(`${answer.status()} ${answer.url()}`)
  })
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url())
    if (protocol.startsWith('http') && origin !== url) strangers.push(request.url())
  })
  await page.goto(url + pathname)
  await page.locator(ready).first().waitFor({ timeout: 60_000 })
  await page.waitForLoadState('networkidle')
  return { page, complaints, strangers }
}

describe.each([
  { pathname: '/docs', ready: '.opblock-summary-path' },
  { pathname: '/redoc', ready: '[data-section-id^="operation"], [id^="operation"], [id^="tag"]' },
])('$pathname', ({ pathname, ready }) => {
  it('shows the routes without a console error, and asks nobody but this service', async () => {
    const { page, complaints, strangers } = await open(pathname, ready)
    expect(await page.textContent('body')).toContain('/jobs')
    expect(complaints).toEqual([])
    expect(strangers).toEqual([])
    await page.close()
  })
})
