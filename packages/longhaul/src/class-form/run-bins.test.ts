import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { markInputFile, type InputFile, type ProgressReport } from '../processor/index.ts'
import type { Json } from '../support/json.ts'
import { BaseProcessor, type BinPaths, type ClassContext } from './base-processor.ts'
import type { BinOutput, Row } from './bin-output.ts'
import { toProcessor } from './to-processor.ts'

const inputFile = (name: string, bin?: string): InputFile =>
  markInputFile({
    name,
    path: `/in/${bin ?? ''}/${name}`,
    uri: `s3://b/${name}`,
    size: 1,
    sha256: '',
    stem: name.replace(/\.[^.]*$/, ''),
    ...(bin === undefined ? {} : { bin }),
    stream: () => expect.unreachable(),
    text: () => expect.unreachable(),
    json: () => expect.unreachable(),
  })
const binFiles = (...bins: string[]) =>
  bins.flatMap((bin) => ['.adc', '.roi', '.hdr'].map((end) => inputFile(bin + end, bin)))

/** What the processor did to its context. */
function attempt(inputs: readonly InputFile[], restored?: Json) {
  const said: ProgressReport[] = []
  const rows: unknown[] = []
  const masks: [string, Uint8Array][] = []
  const states: Json[] = []
  const opened: string[] = []
  const context = {
    jobId: 'job',
    inputs,
    params: { batch_size: 32 },
    restored,
    signal: new AbortController().signal,
    progress: (report: ProgressReport) => void said.push(report),
    checkpoint: async (state: () => Json) => void states.push(state()),
    outputs: {
      records: (name: string, schema: z.ZodObject, { format }: { format: string }) => {
        opened.push(`${name} ${format} ${Object.keys(schema.shape).join(' ')}`)
        return { write: async (row: unknown) => void rows.push(schema.parse(row)) }
      },
      shards: (name: string, { layout }: { layout: string }) => {
        opened.push(`${name} ${layout}`)
        return { add: async (...one: [string, Uint8Array]) => void masks.push(one) }
      },
    },
  } as unknown as ClassContext
  return { context, said, rows, masks, states, opened }
}
const run = (form: BaseProcessor, { context }: ReturnType<typeof attempt>) =>
  Promise.resolve(toProcessor(form).run(context as never))

class Features extends BaseProcessor {
  override readonly name = 'features'
  readonly seen: string[] = []
  readonly outputOf: (binId: string) => BinOutput
  constructor(outputOf: (binId: string) => BinOutput) {
    super()
    this.outputOf = outputOf
  }
  override processBin(binId: string, paths: BinPaths): BinOutput {
    this.seen.push(`${binId} ${Object.entries(paths).join(' ')}`)
    this.reportProgress('processing', { percent: 50, message: 'half', roi_number: 7 })
    return this.outputOf(binId)
  }
}
const row = (roi_number: number, more: Partial<Row> = {}): Row => ({
  roi_number,
  area: 1.5,
  ...more,
})
const two = () => ({ table: [row(1), row(2, { label: 'diatom' })] })

describe('a class with processBin', () => {
  it('is given each bin by its extensions, and writes one table of them all', async () => {
    const form = new Features(two)
    const made = attempt(binFiles('D1', 'D2'))
    const result = await run(form, made)
    expect(form.seen).toEqual(
      ['D1', 'D2'].map(
        (d) => `${d} .adc,/in/${d}/${d}.adc .roi,/in/${d}/${d}.roi .hdr,/in/${d}/${d}.hdr`,
      ),
    )
    expect(made.opened).toEqual(['features/part-0000.parquet parquet bin_id roi_number area label'])
    expect(made.rows).toEqual(
      ['D1', 'D2'].flatMap((bin_id) => [
        { bin_id, roi_number: 1, area: 1.5 },
        { bin_id, roi_number: 2, area: 1.5, label: 'diatom' },
      ]),
    )
    expect(result).toEqual({
      features: {
        schema: { bin_id: 'string', roi_number: 'int64', area: 'float64', label: 'string' },
      },
      counts: { bins: 2, rois: 4, masks: 0 },
    })
  })

  it('tells the progress of a bin as that of the job, and says which bin that is', async () => {
    const made = attempt(binFiles('D1', 'D2', 'D3'))
    await run(new Features(two), made)
    const where = { bin_id: 'D2', bin_index: 2, bin_total: 3 }
    expect(made.said.slice(3, 6)).toEqual([
      { stage: 'processing', percent: 33.33, message: 'executor_start', detail: where },
      {
        stage: 'processing',
        percent: 50,
        message: 'half',
        detail: { ...where, bin_percent: 50, roi_number: 7 },
      },
      {
        stage: 'processing',
        percent: 66.67,
        message: 'executor_complete',
        detail: { ...where, bin_percent: 100 },
      },
    ])
  })

  it('[B.8.10] keeps what is done of a job after every bin, and does not do it again', async () => {
    const first = attempt(binFiles('D1', 'D2'))
    await run(new Features(two), first)
    expect(first.states).toHaveLength(2)
    const form = new Features(two)
    const second = attempt(binFiles('D1', 'D2'), first.states[0])
    expect(await run(form, second)).toMatchObject({ counts: { bins: 2, rois: 4 } })
    expect(form.seen).toHaveLength(1)
    expect(second.opened).toEqual(first.opened)
    expect(second.rows).toEqual(first.rows.slice(2))
  })

  it('keeps masks under the region of their row, images as PNG', async () => {
    const made = attempt(binFiles('D1'))
    const image = { width: 2, height: 1, data: Float32Array.of(0, 1) }
    await run(
      new Features(() => ({
        table: [row(3), row(40), row(5)],
        artifacts: [Buffer.from('as it is'), undefined, image],
      })),
      made,
    )
    expect(made.masks.map(([name]) => name)).toEqual(['D1_00003.png', 'D1_00005.png'])
    expect(Buffer.from(made.masks[0]?.[1] ?? []).toString()).toBe('as it is')
    const png = Buffer.from(made.masks[1]?.[1] ?? [])
    expect([png.readUInt32BE(16), png.readUInt32BE(20), png[24], png[25]]).toEqual([2, 1, 8, 0])
    const length = png.readUInt32BE(33)
    expect([...inflateSync(png.subarray(41, 41 + length))]).toEqual([0, 0, 255])
  })

  it.each<[string, BinOutput, string]>([
    [
      '[B.8.11] more artifacts than rows',
      { table: [row(1)], artifacts: [undefined, undefined] },
      '1 rows and 2 artifacts',
    ],
    [
      '[B.8.11] fewer artifacts than rows',
      { table: [row(1), row(2)], artifacts: [undefined] },
      '2 rows and 1 artifacts',
    ],
    ['an empty table', { table: [] }, 'no rows'],
    ['a row without its number', { table: [{ area: 1 } as unknown as Row] }, 'no roi_number'],
    ['an artifact that is none', { table: [row(1)], artifacts: ['text' as never] }, 'got string'],
    [
      'an image of another size',
      { table: [row(1)], artifacts: [{ width: 2, height: 2, data: [1] }] },
      'needs 4 values',
    ],
  ])('fails with %s', async (_what, output, message) => {
    await expect(run(new Features(() => output), attempt(binFiles('D1')))).rejects.toThrow(message)
  })

  it('holds every row against the schema it gives', async () => {
    class Strict extends Features {
      override getOutputSchema() {
        return { area: 'float64', pixels: 'int64', kept: 'string' } as const
      }
    }
    const odd = row(1, { pixels: 7n, kept: true, area: NaN })
    const made = attempt(binFiles('D1'))
    await run(new Strict(() => ({ table: [odd] })), made)
    expect(made.rows).toEqual([
      { bin_id: 'D1', roi_number: 1, area: NaN, pixels: 7n, kept: 'true' },
    ])
    const without = new Strict(() => ({ table: [row(1, { pixels: 7 })] }))
    await expect(run(without, attempt(binFiles('D1')))).rejects.toThrow('has no kept')
    const more = new Strict(() => ({ table: [{ ...odd, width: 3 }] }))
    await expect(run(more, attempt(binFiles('D1')))).rejects.toThrow('a column width')
  })

  it('[B.8.6] refuses two files of one extension, and a bin that lacks one', async () => {
    const twins = attempt([...binFiles('D1'), inputFile('D2.adc', 'D1')])
    await expect(run(new Features(two), twins)).rejects.toThrow(/2 files \.adc: D1\.adc, D2\.adc/)
    class Strict extends Features {
      override readonly requiredExtensions = ['.adc', '.zip']
    }
    await expect(run(new Strict(two), attempt(binFiles('D1')))).rejects.toThrow('D1 has no .zip')
  })

  it('makes bins of files that came without, by their stems', async () => {
    const form = new Features(two)
    await run(form, attempt(['a.adc', 'b.adc', 'a.roi'].map((name) => inputFile(name))))
    expect(form.seen.map((text) => text.split(' ')[0])).toEqual(['a', 'b'])
  })
})

describe('a class with processInput', () => {
  class Count extends BaseProcessor {
    override readonly name = 'count'
    override async processInput({
      jobId,
      localPaths,
    }: {
      jobId: string
      localPaths: readonly string[]
    }) {
      await new Promise(setImmediate)
      this.reportProgress('counting', { percent: 50, message: jobId, n: 7 })
      return { outputs: [], metrics: { inputs_processed: localPaths.length } }
    }
  }

  it('is given the paths in the order of the manifest, and returns the result', async () => {
    const made = attempt(binFiles('D1'))
    expect(await run(new Count(), made)).toEqual({ outputs: [], metrics: { inputs_processed: 3 } })
  })

  it('[A.8.3] reports to its own job, also where several run in one process', async () => {
    const form = new Count()
    const jobs = ['a', 'b', 'c'].map((jobId) => {
      const made = attempt([])
      return { made, context: { ...made.context, jobId } }
    })
    const processor = toProcessor(form)
    await Promise.all(jobs.map(({ context }) => processor.run(context as never)))
    expect(jobs.map(({ made }) => made.said)).toEqual(
      ['a', 'b', 'c'].map((message) => [
        { stage: 'counting', percent: 50, message, detail: { n: 7 } },
      ]),
    )
  })
})

it('needs one of the two methods', () => {
  class Neither extends BaseProcessor {
    override readonly name = 'neither'
  }
  class Both extends Features {
    override processInput() {
      return {}
    }
  }
  expect(() => toProcessor(new Neither())).toThrow('needs processInput or processBin')
  expect(() => toProcessor(new Both(two))).toThrow('not both')
})

it('passes on how it is to be run, and takes parameters of its own', () => {
  const processor = toProcessor(new Features(two), { timeout: '2 h', concurrency: 2 })
  expect(processor).toMatchObject({
    name: 'features',
    version: '1.0.0',
    bins: true,
    timeoutMs: 7_200_000,
  })
  expect(Object.keys(processor.input.shape)).toEqual(['files', 'batch_size'])
})
