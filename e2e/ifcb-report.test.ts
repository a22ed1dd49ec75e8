import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeOddBin } from '../examples/ifcb-features/ifcb-features.fixture.ts'
import { parseFeatureRows, type FeatureRow } from '../examples/ifcb-features/report/feature-rows.ts'
import { launchBrowser } from './launch-browser.ts'

const root = path.resolve(import.meta.dirname, '..')
const bin = makeOddBin(10)
const complaints: string[] = []
const requests: string[] = []
let folder: string
let browser: Browser
let page: Page
let rows: FeatureRow[]

interface Shown {
  readonly id: string
  readonly text: string
  readonly drawn?: string
  readonly width?: number
  readonly wide: number
  readonly outline?: { readonly x: number; readonly y: number }
}

/** As a person types it. */
const typed = (...words: string[]): Promise<number> =>
  new Promise((resolve) => {
    execFile('npm', ['run', '-s', ...words], { cwd: root }, (error) =>
      resolve(error === null ? 0 : Number(error.code)),
    )
  })

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'ifcb-report-'))
  const bins = path.join(folder, 'bins/D20260719')
  await mkdir(bins, { recursive: true })
  for (const { name, content } of bin.files) await writeFile(path.join(bins, name), content)
  const out = path.join(folder, 'out')
  expect(await typed('ifcb-features', '--', path.join(folder, 'bins'), '--out', out)).toBe(0)
  const table = path.join(out, `features/D20260719/${bin.id}_features_v4.csv`)
  rows = parseFeatureRows(await readFile(table, 'utf8'))

  browser = await launchBrowser()
  page = await browser.newPage({ viewport: { width: 1280, height: 1000 } })
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => requests.push(request.url()))
  const report = path.join(out, `reports/D20260719/${bin.id}_report.html`)
  await page.goto(pathToFileURL(report).href)
  await mkdir(path.join(root, 'demo-out'), { recursive: true })
  await page.screenshot({ path: path.join(root, 'demo-out/ifcb-report.png'), fullPage: true })
}, 240_000)
afterAll(async () => {
  await browser?.close()
  await rm(folder, { recursive: true, force: true })
})

/** What every element of the page that is meant says of itself, by code that runs there; there are no types of a page here. */
const inPage = <T>(selector: string, code: string): Promise<T[]> =>
  page.evaluate<T[]>(`[...document.querySelectorAll('${selector}')].map((element) => ${code})`)
const textsOf = (selector: string): Promise<string[]> => page.locator(selector).allTextContents()
const titlesIn = async (id: string): Promise<string[]> => textsOf(`#${id} .marks title`)

it('asks nobody for anything, and nothing goes wrong', () => {
  expect(requests.filter((url) => !url.startsWith('data:'))).toHaveLength(1)
  expect(complaints).toEqual([])
})

it('says what the bin is and what was found in it', async () => {
  expect(await page.title()).toBe(bin.id)
  const said = await inPage<[string, string]>(
    '#facts div',
    '[...element.children].map((cell) => cell.textContent)',
  )
  const facts = new Map(said)
  const blobs = rows.reduce((sum, row) => sum + (row.value('numBlobs') || 0), 0)
  expect(facts.get('images')).toBe(`${bin.images}`)
  expect(facts.get('failed')).toBe('2')
  expect(facts.get('blobs')).toBe(`${blobs}`)
  expect(await textsOf('h2')).toEqual([
    'Size spectrum',
    'Biovolume over trigger time',
    'Contact sheet',
  ])
})

it('shows every image at its size, with outlines just around its blobs', async () => {
  const shown = await inPage<Shown>(
    '#contact-sheet figure',
    `{
      const image = element.querySelector('image')
      const box = element.querySelector('.outline')?.getBBox()
      return {
        id: element.id,
        text: element.querySelector('figcaption').textContent,
        drawn: image?.href.baseVal.slice(0, 22),
        width: image?.getBoundingClientRect().width,
        wide: Number(image?.getAttribute('width')),
        outline: box && { x: box.width, y: box.height },
      }
    }`,
  )
  expect(shown.map(({ id }) => id)).toEqual(
    rows.map(({ roi }) => `roi-${String(roi).padStart(5, '0')}`),
  )
  const [oneRow, truncated] = shown.slice(-2)
  expect(oneRow?.text).toBe(`${bin.oneRow}not measurable`)
  expect(truncated?.text).toBe(`${bin.truncated}truncated`)
  for (const [index, { drawn, width, wide, outline }] of shown.slice(0, -2).entries()) {
    expect([drawn, width]).toEqual(['data:image/png;base64,', wide])
    const row = rows[index]!
    if (row.value('numBlobs') === 1)
      expect(outline).toEqual({
        x: row.value('BoundingBox_xwidth'),
        y: row.value('BoundingBox_ywidth'),
      })
    else expect(outline === undefined).toBe(row.value('numBlobs') === 0)
  }
  expect(rows.filter((row) => row.value('numBlobs') === 1).length).toBeGreaterThan(3)
})

it('counts every image with a blob in the size spectrum', async () => {
  const counts = (await titlesIn('size-spectrum')).map((title) => Number(title.split(': ')[1]))
  const withBlob = rows.filter((row) => row.value('numBlobs') > 0)
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(withBlob.length)
  const heights = await inPage<number>(
    '#size-spectrum .marks rect',
    'element.getBoundingClientRect().height',
  )
  const perImage = heights.map((height, index) => height / (counts[index] ?? 0))
  for (const height of perImage) expect(height).toBeCloseTo(perImage[0] ?? 0, 0)
})

it('has a dot for the biovolume of every image, which leads to the image', async () => {
  const withVolume = rows.filter((row) => row.value('summedBiovolume') > 0)
  const titles = await titlesIn('biovolume-over-time')
  expect(titles).toHaveLength(withVolume.length)
  expect(titles[0]).toMatch(/^image \d+: [\d.e+]+ pixels³ at [\d.]+ s$/)
  // More to the right is later, higher up is more.
  const dots = await inPage<[number, number]>(
    '#biovolume-over-time circle',
    `[Number(element.getAttribute('cx')), -Number(element.getAttribute('cy'))]`,
  )
  const places = dots.map(([x, y], index) => ({
    x,
    y,
    seconds: Number(/at ([\d.]+) s/.exec(titles[index] ?? '')?.[1]),
    volume: withVolume[index]?.value('summedBiovolume') ?? NaN,
  }))
  const inOrder = (by: 'seconds' | 'volume', place: 'x' | 'y') =>
    places.toSorted((a, b) => a[by] - b[by] || a[place] - b[place]).map((dot) => dot[place])
  for (const placed of [inOrder('seconds', 'x'), inOrder('volume', 'y')])
    expect(placed).toEqual(placed.toSorted((a, b) => a - b))

  const last = page.locator('#biovolume-over-time a').last()
  const target = (await last.getAttribute('href')) ?? ''
  await last.locator('circle').click()
  expect(new URL(page.url()).hash).toBe(target)
  expect(await page.locator(`figure${target}:target`).count()).toBe(1)
})
