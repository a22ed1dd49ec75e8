import { existsSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeSampleBins, writeBins } from './generate-bin.ts'
import { startBench, type Bench } from './run-bins.fixture.ts'
import { verifyResults } from './verify.ts'

const root = path.resolve(import.meta.dirname, '../..')
const testdata = path.resolve(root, process.env['LONGHAUL_TESTDATA'] ?? '../shared/testdata')
const raw = path.join(testdata, 'ifcb', 'raw')
const present = existsSync(raw)
if (!present) console.warn(`golden bin skipped: no ${raw} (set LONGHAUL_TESTDATA to the test data)`)

describe('bins through the whole service', () => {
  let bench: Bench
  beforeAll(async () => {
    bench = await startBench()
  })
  afterAll(() => bench.stop())

  it.skipIf(!present)('makes of the golden bin the five images that its files define', async () => {
    const results = path.join(bench.folder, 'golden')
    const job = await bench.run(raw, results)
    expect(job.result).toEqual({
      bins: [
        {
          bin: 'IFCB5_2012_028_081515',
          lines: 7,
          rois: 5,
          stitched: 1,
          unreadable: 0,
          without_image: 1,
          malformed_lines: 0,
        },
      ],
      rois: 5,
      unreadable: 0,
    })
    const verdict = await verifyResults(raw, results)
    expect(verdict.problems).toEqual([])
    expect(verdict).toMatchObject({
      images: 5,
      pixels: 96 * 45 + 238 * 137 + 263 * 86 + 105 * 45 + 197 * 45,
    })
  })

  it('makes of generated bins, new style and old, what their files define', async () => {
    const bins = path.join(bench.folder, 'bins')
    const results = path.join(bench.folder, 'generated')
    const samples = makeSampleBins({ seed: 21, triggers: 50 })
    await writeBins(bins, samples)
    await bench.run(bins, results)
    const verdict = await verifyResults(bins, results)
    expect(verdict.problems).toEqual([])
    expect(verdict.images).toBe(samples.reduce((sum, { expected }) => sum + expected.images, 0))
  })
})
