import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeSampleBins, writeBins } from './generate-bin.ts'
import { discoverBins, planRois, readAdc, readHeader, readRois, type Roi } from './reader/index.ts'
import type { SampleBin } from './sample/sample-bin.ts'

const options = { seed: 7, triggers: 60 }
let folder: string
let samples: SampleBin[]
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'ifcb-'))
  samples = makeSampleBins(options)
  await writeBins(folder, samples)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const digest = (bin: SampleBin) =>
  createHash('sha256').update(bin.hdr).update(bin.adc).update(bin.roi).digest('hex')

describe('sample bins', () => {
  it('are the same for the same seed, and others for another', () => {
    const digests = samples.map(digest)
    expect(makeSampleBins(options).map(digest)).toEqual(digests)
    expect(makeSampleBins({ ...options, seed: 8 }).map(digest)).not.toEqual(digests)
  })

  it('hold what they promise: the reader finds the same counts', async () => {
    const bins = await discoverBins(folder)
    expect(bins.map(({ bin }) => bin.id)).toEqual(samples.map(({ id }) => id))
    for (const [index, files] of bins.entries()) {
      const adc = await readAdc(files)
      const rois: Roi[] = []
      for await (const roi of readRois(files, planRois(files, adc))) rois.push(roi)
      const images = rois.filter(({ kind }) => kind === 'image')
      expect({
        lines: adc.lines,
        images: images.length,
        stitched: images.filter(({ second }) => second).length,
        unreadable: rois.length - images.length,
      }).toEqual(samples[index]?.expected)
    }
  })

  it('show every oddity of the formats', async () => {
    const [modern, old, cut] = samples.map(({ expected }) => expected)
    const bins = await discoverBins(folder)
    const adcs = await Promise.all(bins.map(readAdc))
    expect(modern?.images).toBeGreaterThan(40)
    expect(old?.stitched).toBeGreaterThanOrEqual(2)
    expect(cut?.unreadable).toBe(1)
    expect(adcs.map(({ withoutImage }) => withoutImage > 0)).toEqual([true, true, true])
    expect(adcs.map(({ malformed }) => malformed > 1)).toEqual([false, true, true])
    // A chain uses up three numbers of which one comes out.
    const planned = planRois(bins[1]!, adcs[1]!)
    expect(adcs[1]!.targets.length - planned.length).toBeGreaterThan(
      planned.filter(({ second }) => second).length,
    )
    expect(adcs[1]?.targets[0]?.offset).toBe(1)
    expect(adcs[0]?.targets[0]?.offset).toBe(0)
    const headers = await Promise.all(bins.map(readHeader))
    expect(headers.map(({ values }) => values['temperature'])).toEqual([
      23.4125, 11.4799732421875, 21.43,
    ])
  })

  it('write new-style lines of 24 columns, CRLF, widths in eights, overlaps left apart', async () => {
    const text = samples[0]!.adc
    expect(text.endsWith('\r\n')).toBe(true)
    for (const line of text.trimEnd().split('\r\n')) expect(line.split(',')).toHaveLength(24)
    const { targets } = await readAdc((await discoverBins(folder))[0]!)
    expect(targets.every(({ width }) => width % 8 === 0)).toBe(true)
    expect(new Set(targets.map(({ trigger }) => trigger)).size).toBeLessThan(targets.length)
  })

  it('look like pictures of something: dark on a light ground, with noise', async () => {
    for (const files of await discoverBins(folder))
      for await (const roi of readRois(files, planRois(files, await readAdc(files)))) {
        if (roi.kind !== 'image') continue
        const sorted = roi.image.pixels.toSorted()
        const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!
        expect(at(0.5), roi.id).toBeGreaterThan(110) // ground
        expect(at(0.5) - at(0.002), roi.id).toBeGreaterThan(15) // something dark on it
        expect(at(0.9) - at(0.6), roi.id).toBeGreaterThan(0) // noise
      }
  })
})
