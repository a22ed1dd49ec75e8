import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  discoverBins,
  planRois,
  readAdc,
  readRois,
  type GreyImage,
} from '../../ifcb-images/reader/index.ts'
import { decodePng } from '../../ifcb-images/verify/decode-png.ts'
import { analyseRoi, blobFeatureNames, featureNames, formatFeature } from './index.ts'

// IFCB5_2012_028_081515 of WHOIGit/ifcb-features (MIT) with its outputs; not kept in this repository.
const root = path.resolve(import.meta.dirname, '../../..')
const testdata = path.resolve(root, process.env['LONGHAUL_TESTDATA'] ?? '../shared/testdata')
const folder = path.join(testdata, 'ifcb')
const id = 'IFCB5_2012_028_081515'
const present = existsSync(path.join(folder, 'golden'))
if (!present)
  console.warn(`golden features skipped: no ${folder} (set LONGHAUL_TESTDATA to the test data)`)

describe.skipIf(!present).each([true, false])(`golden bin ${id}, simd: %s`, (simd) => {
  it('has the masks of the reference, pixel for pixel', async () => {
    const masks = readStoredZip(path.join(folder, 'golden', `${id}_blobs_v4.zip`))
    const rois = await readGolden()
    expect(rois.map((roi) => `${roi.id}.png`)).toEqual([...masks.keys()])
    for (const { id, image } of rois) {
      const { mask } = analyseRoi(image.pixels, image.width, image.height, { simd })
      const expected = decodePng(masks.get(`${id}.png`)!).pixels
      expect(Buffer.from(mask.map((set) => set * 255)).equals(Buffer.from(expected)), id).toBe(true)
    }
  })

  it('has the features of the reference, every cell', async () => {
    const rows: string[][] = [['roi_number', ...featureNames]]
    const blobRows: string[][] = [['roi_number', 'blob_number', ...blobFeatureNames]]
    for (const { number, image } of await readGolden()) {
      const { features, blobs } = analyseRoi(image.pixels, image.width, image.height, { simd })
      rows.push([`${number}`, ...featureNames.map((name) => formatFeature(features[name]))])
      if (blobs.length > 1)
        for (const [index, blob] of blobs.entries())
          blobRows.push([
            `${number}`,
            `${index + 1}`,
            ...blobFeatureNames.map((name) => formatFeature(blob[name])),
          ])
    }
    compare(rows, path.join(folder, 'golden', `${id}_features_v4.csv`))
    compare(blobRows, path.join(folder, 'golden', 'multiblob', `${id}_multiblob_v4.csv`))
  })
})

/** Names and counts exactly; numbers within 1e-8 + 1e-7 |reference|, a hundredth of what the reference allows itself. */
function compare(rows: string[][], file: string): void {
  const expected = readFileSync(file, 'utf8')
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','))
  expect(rows[0]).toEqual(expected[0])
  expect(rows).toHaveLength(expected.length)
  const exact = new Set(['roi_number', 'blob_number', 'numBlobs'])
  const wrong: string[] = []
  for (const [r, row] of rows.entries())
    for (const [c, cell] of row.entries()) {
      const name = rows[0]![c]!
      const reference = expected[r]![c]!
      if (r === 0 || cell === reference) continue
      const allowed = exact.has(name) ? 0 : 1e-8 + 1e-7 * Math.abs(Number(reference))
      if (cell === '' || reference === '' || !(Math.abs(+cell - +reference) <= allowed))
        wrong.push(`${row[0]} ${name}: ${cell}, not ${reference}`)
    }
  expect(wrong).toEqual([])
}

async function readGolden(): Promise<{ id: string; number: number; image: GreyImage }[]> {
  const files = (await discoverBins(path.join(folder, 'raw')))[0]!
  const rois = []
  for await (const roi of readRois(files, planRois(files, await readAdc(files)))) {
    if (roi.kind !== 'image') throw new Error(roi.detail)
    rois.push({ id: roi.id, number: roi.target.number, image: roi.image })
  }
  return rois
}

/** Members of a zip whose members are stored, by name (APPNOTE 4.3.7). */
function readStoredZip(file: string): Map<string, Buffer> {
  const zip = readFileSync(file)
  const members = new Map<string, Buffer>()
  for (let at = 0; zip.readUInt32LE(at) === 0x04034b50;) {
    const size = zip.readUInt32LE(at + 18)
    const nameEnd = at + 30 + zip.readUInt16LE(at + 26)
    const start = nameEnd + zip.readUInt16LE(at + 28)
    members.set(zip.toString('latin1', at + 30, nameEnd), zip.subarray(start, start + size))
    at = start + size
  }
  return members
}
