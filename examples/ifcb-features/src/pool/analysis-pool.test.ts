import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeSampleBins } from '../../../ifcb-images/generate-bin.ts'
import { parseAdc } from '../../../ifcb-images/reader/index.ts'
import { analyseRoi } from '../analyse-roi.ts'
import { openAnalysisPool, type AnalysisPool } from './analysis-pool.ts'
import type { RoiOutcome, RoiSource } from './roi-source.ts'

const bin = makeSampleBins({ seed: 5, triggers: 5 }).find(({ id }) => id.startsWith('D'))!
const sources: RoiSource[] = parseAdc(bin.adc, 'D').targets.filter(
  ({ width, height, offset }) => offset + width * height <= bin.roi.length,
)
const roi = new Uint8Array(new SharedArrayBuffer(bin.roi.length))
roi.set(bin.roi)

describe('the analysis pool', () => {
  let pool: AnalysisPool
  beforeAll(() => {
    pool = openAnalysisPool({ threads: 2 })
  })
  afterAll(() => pool.stop())

  const outcomesOf = async (list: Iterable<RoiSource>, of = pool): Promise<RoiOutcome[]> => {
    const outcomes = []
    for await (const outcome of of.analyse(roi, list)) outcomes.push(outcome)
    return outcomes
  }

  it('gives the outcomes of one thread, in the order of the sources', async () => {
    const outcomes = await outcomesOf(sources)
    expect(outcomes.map(({ number }) => number)).toEqual(sources.map(({ number }) => number))
    for (const [index, outcome] of outcomes.entries()) {
      const { number, width, height, offset } = sources[index] as RoiSource & { offset: number }
      const pixels = roi.subarray(offset, offset + width * height)
      const alone = analyseRoi(pixels, width, height)
      expect(outcome).toEqual({ number, width, height, kind: 'analysed', ...alone })
    }
  })

  it('fails the images that cannot be read and no others', async () => {
    const good = sources[0]!
    const tall = { number: 2, width: 1, height: 40, offset: 0 }
    const outcomes = await outcomesOf([
      tall,
      { number: 3, width: 30, height: 40, offset: roi.length - 1199 },
      { number: 4, width: -8, height: 40, offset: 0 },
      { number: 5, width: 100_000, height: 100_000, offset: 0 },
      { number: 6, width: 12, height: 12, pixels: new Uint8Array(143) },
      { ...good, number: 7 },
    ])
    expect(outcomes.map((o) => (o.kind === 'failed' ? o.reason : o.number))).toEqual([
      'too-small',
      'truncated',
      'invalid-size',
      'too-large',
      'truncated',
      7,
    ])
  })

  it('takes sources no further ahead than a few per thread, and stops taking when it is left', async () => {
    let taken = 0
    const endless = function* (): Generator<RoiSource> {
      for (;;) {
        taken += 1
        yield { number: taken, width: 8, height: 8, pixels: new Uint8Array(64) }
      }
    }
    for await (const outcome of pool.analyse(roi, endless())) if (outcome.number === 40) break
    expect(taken).toBeLessThanOrEqual(40 + 2 * 8)
    expect((await outcomesOf(sources.slice(0, 2))).map(({ kind }) => kind)).toEqual([
      'analysed',
      'analysed',
    ])
  })

  it('serves two calls at once', async () => {
    const [a, b] = await Promise.all([
      outcomesOf(sources.slice(0, 3)),
      outcomesOf(sources.slice(0, 3)),
    ])
    expect(a).toEqual(b)
  })

  it('rejects with the reason of the signal', async () => {
    const stop = new AbortController()
    const reason = new Error('enough')
    const run = async () => {
      for await (const outcome of pool.analyse(roi, sources, { signal: stop.signal }))
        if (outcome.kind === 'analysed') stop.abort(reason)
    }
    await expect(run()).rejects.toBe(reason)
  })

  it('rejects what is under way when it is stopped', async () => {
    const other = openAnalysisPool({ threads: 1 })
    const refused = expect(outcomesOf(sources, other)).rejects.toThrow('stopped')
    await other.stop()
    await refused
    await expect(outcomesOf(sources, other)).rejects.toThrow('stopped')
  })
})
