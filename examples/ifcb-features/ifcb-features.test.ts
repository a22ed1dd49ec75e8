import { runProcessor, type ProcessorRun } from 'longhaul/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { makeOldStyleBin } from '../ifcb-images/sample/old-style-bin.ts'
import { decodePng } from '../ifcb-images/verify/decode-png.ts'
import { membersOf } from './files/stored-zip.ts'
import ifcbFeatures from './ifcb-features.ts'
import { filesOf, makeOddBin } from './ifcb-features.fixture.ts'
import { defineIfcbFeatures } from './service/processor.ts'
import { blobFeatureNames, featureNames } from './src/index.ts'

const odd = makeOddBin(6)
const oldSample = makeOldStyleBin({ seed: 4, triggers: 6 })
const old = filesOf(oldSample)
const files = [...odd.files, ...old.files]
const small = { files, batch_size: 4, checkpoint_seconds: 0.001 }
const day = `features/D20260719`

let run: ProcessorRun
beforeAll(async () => {
  run = await runProcessor(ifcbFeatures, small)
})
const textOf = (name: string, from = run): string => from.outputs.get(name)?.text() ?? ''
const linesOf = (name: string, from = run): string[] => textOf(name, from).trimEnd().split('\n')
const masks = () => [...membersOf(run.outputs.get(`blobs/D20260719/${odd.id}_blobs_v4.zip`)!.bytes)]
const records = () =>
  linesOf('responses_00000.jsonl').map(
    (line) =>
      JSON.parse(line) as {
        roi_number: number
        bin_id: string
        metrics: Record<string, number | null>
        mask: string | null
        problem: { reason: string; detail: string } | null
      },
  )

describe('the results of a bin', () => {
  it('have the names and the columns that archives have', () => {
    expect([...run.outputs.keys()].filter((name) => name.includes(odd.id)).sort()).toEqual([
      `blobs/D20260719/${odd.id}_blobs_v4.zip`,
      `${day}/${odd.id}_features_v4.csv`,
      `${day}/multiblob/${odd.id}_multiblob_v4.csv`,
      `reports/D20260719/${odd.id}_report.html`,
    ])
    expect(linesOf(`${day}/${odd.id}_features_v4.csv`)[0]).toBe(
      ['roi_number', ...featureNames].join(','),
    )
    expect(linesOf(`${day}/multiblob/${odd.id}_multiblob_v4.csv`)[0]).toBe(
      ['roi_number', 'blob_number', ...blobFeatureNames].join(','),
    )
  })

  it('have a row for each image, by its line of the .adc, and nothing in that of one that failed', () => {
    const rows = linesOf(`${day}/${odd.id}_features_v4.csv`).slice(1)
    expect(rows).toHaveLength(odd.images)
    const numbers = rows.map((row) => Number(row.split(',')[0]))
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    expect(rows.slice(-2)).toEqual([odd.oneRow, odd.truncated].map((n) => n + ','.repeat(30)))
  })

  it('say why an image failed, and in the log too; the others are there', () => {
    const failed = records().filter(({ problem }) => problem !== null)
    const metrics = { metrics: {}, mask: null }
    expect(failed).toMatchObject([
      { roi_number: odd.oneRow, ...metrics, problem: { reason: 'too-small' } },
      {
        roi_number: odd.truncated,
        ...metrics,
        problem: { reason: 'truncated', detail: expect.stringMatching(/\d bytes|bytes .*\d/) },
      },
    ])
    expect(run.log.filter(({ level }) => level === 'warn')).toHaveLength(2)
    expect(run.value).toMatchObject({
      counts: { bins: 2, masks: odd.images - 2 + oldSample.expected.images },
      metrics: { rois_failed: 2, malformed_lines: expect.any(Number) },
    })
  })

  it('list the blobs of an image that has more than one, largest first', () => {
    const cells = (name: string) => linesOf(name).map((line) => line.split(','))
    const [, ...rows] = cells(`${day}/multiblob/${odd.id}_multiblob_v4.csv`)
    const image = cells(`${day}/${odd.id}_features_v4.csv`).find(
      ([roi]) => roi === `${odd.twoDiscs}`,
    )
    expect(rows.map(([roi, blob]) => [roi, blob])).toEqual([
      [`${odd.twoDiscs}`, '1'],
      [`${odd.twoDiscs}`, '2'],
    ])
    const [first, second] = rows.map(([, , area]) => Number(area))
    expect(first).toBeGreaterThan(second!)
    expect(image?.slice(1, 19)).toEqual(rows[0]?.slice(2))
    expect(image?.[1 + featureNames.indexOf('summedArea')]).toBe(`${first! + second!}`)
  })

  it('have zeroes, no ratios and a black mask for an image without blob', () => {
    const row = linesOf(`${day}/${odd.id}_features_v4.csv`).find((line) =>
      line.startsWith(`${odd.noBlob},`),
    )
    expect(row).toBe(`${odd.noBlob}${',0'.repeat(27)},,,`)
    const record = records().find(({ roi_number }) => roi_number === odd.noBlob)
    expect(record).toMatchObject({ problem: null, metrics: { Area: 0, Area_over_Perimeter: null } })
    const png = masks().find(({ name }) => name.endsWith(`${odd.noBlob}.png`))
    expect(new Set(decodePng(Buffer.from(png!.bytes)).pixels)).toEqual(new Set([0]))
  })

  it('have a mask of the size of its image for each that was analysed, black and white, in order', () => {
    const members = masks()
    const analysed = records().filter(({ bin_id, mask }) => bin_id === odd.id && mask !== null)
    expect(members.map(({ name }) => name)).toEqual(
      analysed.map(({ roi_number }) => `${odd.id}_${String(roi_number).padStart(5, '0')}.png`),
    )
    const [first] = members
    const { pixels } = decodePng(Buffer.from(first!.bytes))
    expect([...new Set(pixels)].toSorted()).toEqual([0, 255])
    const set = pixels.filter((value) => value === 255).length
    expect(set).toBe(analysed[0]?.metrics['summedArea'])
  })

  it('hold the stitched images of an old bin under the number of the first of each chain', () => {
    const rows = linesOf(`features/${oldSample.day}/${old.id}_features_v4.csv`).slice(1)
    expect(rows).toHaveLength(oldSample.expected.images)
    expect(oldSample.expected.stitched).toBeGreaterThan(0)
  })
})

describe('an attempt', () => {
  it('reports every image with what remains, and where in the job it is', () => {
    expect(run.progress.at(-1)).toMatchObject({
      stage: 'processing',
      done: odd.images + oldSample.expected.images,
      eta_seconds: 0,
      detail: { bin_id: old.id, bin_index: 2, bin_total: 2, bin_percent: 100 },
    })
  })

  it('goes on from any checkpoint and leaves the same bytes', async () => {
    expect(run.checkpoints.length).toBeGreaterThan(2)
    for (const restored of [run.checkpoints[0]!, run.checkpoints.at(-1)!]) {
      const next = await runProcessor(ifcbFeatures, small, { restored })
      expect(next.value).toEqual(run.value)
      for (const [name, { bytes }] of next.outputs)
        expect(bytes.equals(run.outputs.get(name)!.bytes), name).toBe(true)
      expect(next.outputs.has(`blobs/${oldSample.day}/${old.id}_blobs_v4.zip`)).toBe(true)
      const [first] = next.progress
      expect(first).toMatchObject({ done: (restored.state as { rois: number }).rois })
    }
  })

  it('ends when it is cancelled, in the middle of a bin', async () => {
    const cancel = new AbortController()
    const seen: string[] = []
    const witness = (roi: string): void => {
      seen.push(roi)
      cancel.abort()
    }
    const running = runProcessor(defineIfcbFeatures({ witness }), small, { signal: cancel.signal })
    await expect(running).rejects.toMatchObject({ code: 'cancelled' })
    expect(seen).toHaveLength(1)
  })
})

it('refuses files that are no bins, and a job without one image, with a sentence', async () => {
  const named = (name: string) => ({ name, content: 'x' })
  const refusals: [object[], RegExp][] = [
    [odd.files.slice(0, 2), /D20260719T101500_IFCB901: \.roi missing/],
    [[named('cat.png')], /cat\.png: not an IFCB file/],
    [['hdr', 'adc', 'roi'].map((end) => named(`${odd.id}.${end}`)), /not one image/],
  ]
  for (const [files, sentence] of refusals)
    await expect(runProcessor(ifcbFeatures, { files })).rejects.toThrow(sentence)
})
