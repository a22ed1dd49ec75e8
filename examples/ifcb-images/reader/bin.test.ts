import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BinFiles } from './bin-files.ts'
import { parseBinId } from './bin-id.ts'
import { planRois, readAdc, readHeader, readRois, type ReadOptions, type Roi } from './bin.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'ifcb-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** A bin whose .roi counts upwards, so that every byte shows where it came from. */
async function bin(id: string, adc: readonly string[], roiBytes: number): Promise<BinFiles> {
  const base = path.join(folder, id)
  await writeFile(`${base}.hdr`, 'softwareVersion: 1\nrunTime: 2.5\n')
  await writeFile(`${base}.adc`, adc.join('\n'))
  await writeFile(
    `${base}.roi`,
    Uint8Array.from({ length: roiBytes }, (_, index) => index % 251),
  )
  return { bin: parseBinId(id)!, hdr: `${base}.hdr`, adc: `${base}.adc`, roi: `${base}.roi` }
}
const row = (...values: number[]) => `${values[0]},,,,,,,,,${values.slice(1).join(',')},0`
const row24 = (...values: number[]) =>
  `${values[0]},,,,,,,,,,,,,${values.slice(1).join(',')},1,2,3,4,5,6`
async function read(files: BinFiles, options?: ReadOptions): Promise<Roi[]> {
  const rois: Roi[] = []
  for await (const roi of readRois(files, planRois(files, await readAdc(files), options)))
    rois.push(roi)
  return rois
}
const oldId = 'IFCB5_2012_028_081515'

describe('readRois', () => {
  it('reads each image from its own range', async () => {
    const files = await bin(oldId, [row(1, 0, 0, 3, 2, 1), '', row(2, 5, 6, 2, 2, 7)], 11)
    const rois = await read(files)
    expect(rois.map(({ id }) => id)).toEqual([`${oldId}_00001`, `${oldId}_00003`])
    expect(rois[0]).toMatchObject({ kind: 'image', image: { width: 3, height: 2 } })
    expect(rois.map((roi) => roi.kind === 'image' && [...roi.image.pixels])).toEqual([
      [1, 2, 3, 4, 5, 6],
      [7, 8, 9, 10],
    ])
  })

  it('reports a truncated image and reads the others', async () => {
    const files = await bin(oldId, [row(1, 0, 0, 4, 4, 8), row(2, 0, 0, 4, 4, 0)], 23)
    const rois = await read(files)
    expect(rois[0]).toMatchObject({
      kind: 'unreadable',
      reason: 'truncated',
      detail: 'needs bytes 8 to 23, the .roi file ends after 23',
    })
    expect(rois[1]?.kind).toBe('image')
  })

  it('reports sizes that are impossible without trying to hold them', async () => {
    const files = await bin(
      oldId,
      [row(1, 0, 0, -4, 4, 0), row(2, 0, 0, 1e9, 1e6, 0), row(3, 0, 0, 4, 4, -1)],
      64,
    )
    expect((await read(files)).map((roi) => roi.kind === 'unreadable' && roi.reason)).toEqual([
      'invalid-size',
      'too-large',
      'invalid-size',
    ])
  })

  it('stitches old bins, and says which numbers became one', async () => {
    const adc = [row(1, 0, 0, 4, 4, 0), row(1, 1, 1, 4, 4, 16), row(2, 0, 0, 2, 2, 32)]
    const files = await bin(oldId, adc, 36)
    const rois = await read(files)
    expect(rois.map(({ target, second }) => [target.number, second?.number])).toEqual([
      [1, 2],
      [3, undefined],
    ])
    expect(rois[0]).toMatchObject({
      kind: 'image',
      place: { x: 0, y: 0, width: 5, height: 5 },
      image: { width: 5, height: 5 },
    })
    expect(await read(files, { stitch: false })).toHaveLength(3)
  })

  it('gives no half picture when a part of a stitched one is missing', async () => {
    const files = await bin(oldId, [row(1, 0, 0, 4, 4, 0), row(1, 1, 1, 4, 4, 16)], 20)
    expect(await read(files)).toMatchObject([
      { kind: 'unreadable', reason: 'truncated', target: { number: 1 }, second: { number: 2 } },
    ])
  })

  it('reads far into a file that no memory would hold', async () => {
    const far = 12 * 2 ** 30
    const files = await bin(oldId, [row(1, 0, 0, 4, 4, far - 16), row(2, 0, 0, 4, 4, far - 15)], 0)
    await truncate(files.roi, far) // sparse: no bytes on the disk
    const before = process.memoryUsage().rss
    const [first, second] = await read(files)
    expect(first).toMatchObject({ kind: 'image', image: { pixels: new Uint8Array(16) } })
    expect(second).toMatchObject({ kind: 'unreadable', reason: 'truncated' })
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6)
  })

  it('never stitches new bins', async () => {
    const id = 'D20130526T094320_IFCB013'
    const files = await bin(id, [row24(1, 0, 0, 4, 4, 0), row24(1, 1, 1, 4, 4, 16)], 32)
    expect(await read(files)).toHaveLength(2)
  })
})

it('reads the header', async () => {
  const files = await bin(oldId, [], 0)
  expect((await readHeader(files)).values['runTime']).toBe(2.5)
})
