import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodePng } from '../verify/decode-png.ts'
import { expectBin } from '../verify/expect-bin.ts'
import {
  discoverBins,
  encodePng,
  planRois,
  readAdc,
  readHeader,
  readRois,
  type GreyImage,
  type Roi,
} from './index.ts'

// IFCB5_2012_028_081515 of WHOIGit/ifcb-features (MIT); not kept in this repository.
const root = path.resolve(import.meta.dirname, '../../..')
const testdata = path.resolve(root, process.env['LONGHAUL_TESTDATA'] ?? '../shared/testdata')
const folder = path.join(testdata, 'ifcb')
const id = 'IFCB5_2012_028_081515'
const raw = path.join(folder, 'raw', id)
const present = existsSync(`${raw}.roi`)
if (!present)
  console.warn(`golden bin skipped: no ${raw}.roi (set LONGHAUL_TESTDATA to the test data)`)

describe.skipIf(!present)(`golden bin ${id}`, () => {
  it('has the images that its files define', async () => {
    const rois = await readGolden()
    expect(rois.map((roi) => [roi.id, roi.image.width, roi.image.height])).toEqual([
      [`${id}_00001`, 96, 45],
      [`${id}_00002`, 238, 137],
      [`${id}_00003`, 263, 86], // targets 3 and 4 are one particle
      [`${id}_00005`, 105, 45],
      [`${id}_00006`, 197, 45],
    ])
    expect(rois.map(({ second }) => second?.number)).toEqual([
      undefined,
      undefined,
      4,
      undefined,
      undefined,
    ])
  })

  it('has the pixel bytes that its files define', async () => {
    const bytes = readFileSync(`${raw}.roi`)
    for (const { target, second, image } of await readGolden())
      if (!second)
        expect(
          bytes
            .subarray(target.offset, target.offset + target.width * target.height)
            .equals(image.pixels),
        ).toBe(true)

    // The stitched one: 180x86 at (210, 432), over it 113x45 at (360, 457).
    const stitched = (await readGolden())[2]!.image
    const pixelOf = (x: number, y: number) => stitched.pixels[y * 263 + x]
    for (let y = 0; y < 86; y++)
      for (let x = 0; x < 263; x++) {
        const inSecond = x >= 150 && y >= 25 && y < 70
        if (inSecond) expect(pixelOf(x, y)).toBe(bytes[52407 + (y - 25) * 113 + (x - 150)])
        else if (x < 180) expect(pixelOf(x, y)).toBe(bytes[36927 + y * 180 + x])
        else expect(pixelOf(x, y)).toBe(pixelOf(262, 0)) // the gaps are of one grey
      }
  })

  it('agrees with a second reader that shares no code with this one', async () => {
    const expected = expectBin(raw)
    const rois = await readGolden()
    expect(rois.map((roi) => roi.id)).toEqual(expected.rois.map((roi) => roi.id))
    for (const [index, roi] of rois.entries()) {
      expect(expected.rois[index]?.grey?.pixels.equals(roi.image.pixels)).toBe(true)
      expect(decodePng(encodePng(roi.image)).pixels.equals(roi.image.pixels)).toBe(true)
    }
  })

  it('has the sizes of the masks that the reference made of it', async () => {
    const masks = readStoredZip(
      readFileSync(path.join(folder, 'golden', `${id}_blobs_v4.zip`)),
    ).map(({ name, bytes }) => [name, bytes.readUInt32BE(16), bytes.readUInt32BE(20)])
    const rois = await readGolden()
    expect(masks).toEqual(rois.map((roi) => [`${roi.id}.png`, roi.image.width, roi.image.height]))
  })

  it('has the numbers of the features that the reference made of it', async () => {
    const csv = readFileSync(path.join(folder, 'golden', `${id}_features_v4.csv`), 'utf8')
    const numbers = csv
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => Number(line.split(',')[0]))
    expect((await readGolden()).map(({ target }) => target.number)).toEqual(numbers)
  })

  it('has its time, its header and a line without image', async () => {
    const files = await goldenFiles()
    expect(files.bin.time).toEqual(new Date('2012-01-28T08:15:15Z'))
    expect(await readHeader(files)).toMatchObject({
      context: { length: 4 },
      values: {
        temperature: 11.4799732421875,
        humidity: 32.167437512207,
        binarizeThreshold: 30,
        scatteringPhotomultiplierSetting: 0.675,
        fluorescencePhotomultiplierSetting: 0.6,
        blobSizeThreshold: 10,
      },
    })
    expect(await readAdc(files)).toMatchObject({ lines: 7, withoutImage: 1, malformed: 0 })
  })
})

async function goldenFiles() {
  return (await discoverBins(path.join(folder, 'raw')))[0]!
}

async function readGolden(): Promise<(Roi & { image: GreyImage })[]> {
  const files = await goldenFiles()
  const rois: (Roi & { image: GreyImage })[] = []
  for await (const roi of readRois(files, planRois(files, await readAdc(files)))) {
    if (roi.kind !== 'image') throw new Error(roi.detail)
    rois.push(roi)
  }
  return rois
}

/** Members of a zip whose members are stored, by its local headers (APPNOTE 4.3.7). */
function readStoredZip(zip: Buffer): { name: string; bytes: Buffer }[] {
  const members: { name: string; bytes: Buffer }[] = []
  for (let at = 0; zip.readUInt32LE(at) === 0x04034b50;) {
    if (zip.readUInt16LE(at + 8) !== 0) throw new Error('a member is not stored')
    const size = zip.readUInt32LE(at + 18)
    const nameEnd = at + 30 + zip.readUInt16LE(at + 26)
    const start = nameEnd + zip.readUInt16LE(at + 28)
    members.push({
      name: zip.toString('latin1', at + 30, nameEnd),
      bytes: zip.subarray(start, start + size),
    })
    at = start + size
  }
  return members
}
