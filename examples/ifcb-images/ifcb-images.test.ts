import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FinishedJob } from './demo/download-outputs.ts'
import { makeSampleBins, writeBins } from './generate-bin.ts'
import { copyOf, startBench, type Bench } from './run-bins.fixture.ts'
import { createRandom } from './sample/random.ts'
import { verifyResults } from './verify.ts'

let bench: Bench
let bins: string
let results: string
let job: FinishedJob
const samples = makeSampleBins({ seed: 11, triggers: 24 })
beforeAll(async () => {
  bench = await startBench()
  bins = path.join(bench.folder, 'bins')
  results = path.join(bench.folder, 'results')
  await writeBins(bins, samples)
  job = await bench.run(bins, results)
}, 60_000)
afterAll(() => bench.stop())

describe('ifcb-images as a service', () => {
  it('writes shards, their index, image rows and bin rows', () => {
    expect(job).toMatchObject({ status: 'completed', attempt: 1 })
    expect(job.outputs.map(({ name }) => name).sort()).toEqual([
      'bins_00000.jsonl',
      'images_00000.json',
      'images_00000.tar',
      'results.json',
      'rois_00000.jsonl',
    ])
  })

  it('counts what each bin held', () => {
    expect(job.result).toMatchObject({
      rois: samples.reduce((sum, { expected }) => sum + expected.images, 0),
      unreadable: 1,
    })
    const { bins } = job.result as { bins: { bin: string }[] }
    for (const { id, expected } of samples)
      expect(bins.find(({ bin }) => bin === id)).toMatchObject({
        lines: expected.lines,
        rois: expected.images,
        stitched: expected.stitched,
        unreadable: expected.unreadable,
      })
  })

  it('says why an image is missing, in its row and in the log', async () => {
    const rows = readFileSync(path.join(results, 'rois_00000.jsonl'), 'utf8').trim().split('\n')
    const broken = rows
      .map((line) => JSON.parse(line) as { image: unknown; problem: unknown })
      .filter(({ problem }) => problem !== null)
    expect(broken).toEqual([
      expect.objectContaining({
        image: null,
        problem: {
          reason: 'truncated',
          detail: expect.stringMatching(/^needs bytes \d+ to \d+, /),
        },
      }),
    ])
    const log = await fetch(`${bench.service.url}/jobs/${job.job_id}/logs`)
    expect(await log.text()).toMatch(/image cannot be read/)
  })

  it.each([
    ['a file that is missing', ['a.hdr', 'a.adc'], /a: not a bin's name/],
    ['a pair of files', ['.adc', '.roi'], /D20260719T101500_IFCB901: \.hdr missing/],
    ['another kind of file', ['.hdr', '.adc', '.roi', 'cat.png'], /cat\.png: not an IFCB file/],
  ])('refuses %s with a sentence', async (_what, names, sentence) => {
    const form = new FormData()
    for (const name of names)
      form.append('files', new Blob(['x']), name.startsWith('.') ? samples[0]!.id + name : name)
    const url = `${bench.service.url}/processors/ifcb-images/run`
    const response = await fetch(url, { method: 'POST', body: form })
    expect(response.status).toBe(422)
    expect(JSON.stringify(await response.json())).toMatch(sentence)
  })

  it('leaves old bins unstitched when asked', async () => {
    const form = new FormData()
    const old = samples[2]!
    form.append('files', new Blob([old.hdr]), `${old.id}.hdr`)
    form.append('files', new Blob([old.adc]), `${old.id}.adc`)
    form.append('files', new Blob([Buffer.from(old.roi)]), `${old.id}.roi`)
    form.append('stitch', 'false')
    const url = `${bench.service.url}/processors/ifcb-images/run`
    const response = await fetch(url, {
      method: 'POST',
      body: form,
      headers: { prefer: 'wait=30' },
    })
    expect(response.status).toBe(200)
    const { result } = (await response.json()) as { result: { rois: number; bins: object[] } }
    expect(result.bins[0]).toMatchObject({ stitched: 0 })
    expect(result.rois).toBeGreaterThan(old.expected.images)
  })
})

describe('verify', () => {
  let copies = 0
  const damaged = () => copyOf(results, path.join(bench.folder, `damaged-${copies++}`))
  const problemsOf = async (folder: string) => {
    const { problems } = await verifyResults(bins, folder)
    rmSync(folder, { recursive: true })
    return problems
  }
  /** What the job says is made to agree with the files, so that only a look into them can tell. */
  const adjustDigests = (folder: string) => {
    const document = JSON.parse(readFileSync(path.join(folder, 'job.json'), 'utf8')) as {
      outputs: { name: string; size_bytes: number; sha256: string }[]
    }
    for (const output of document.outputs) {
      const bytes = readFileSync(path.join(folder, output.name))
      output.size_bytes = bytes.length
      output.sha256 = createHash('sha256').update(bytes).digest('hex')
    }
    writeFileSync(path.join(folder, 'job.json'), JSON.stringify(document))
  }
  const edit = (file: string, change: (bytes: Buffer) => Buffer | string) =>
    writeFileSync(file, change(readFileSync(file)))
  const flip = (at: number) => (bytes: Buffer) => {
    bytes[at]! ^= 1
    return bytes
  }

  it('finds nothing wrong with what the service made', async () => {
    const verdict = await verifyResults(bins, results)
    expect(verdict.problems).toEqual([])
    expect(verdict).toMatchObject({ bins: 3, images: (job.result as { rois: number }).rois })
    expect(verdict.pixels).toBeGreaterThan(100_000)
  })

  it('imports nothing of the example', () => {
    const files = readdirSync(path.join(import.meta.dirname, 'verify')).map(
      (name) => `verify/${name}`,
    )
    for (const file of ['verify.ts', ...files]) {
      const source = readFileSync(path.join(import.meta.dirname, file), 'utf8')
      const imported = [...source.matchAll(/from '([^']+)'/g)].map(([, from]) => from!)
      const own = file === 'verify.ts' ? /^(node:|\.\/verify\/)/ : /^(node:|\.\/)/
      expect(
        imported.filter((from) => !own.test(from)),
        file,
      ).toEqual([])
    }
  })

  it('notices one flipped bit at the start, in the middle and at the end of every output', async () => {
    for (const { name, size_bytes } of job.outputs)
      for (const at of [0, Math.floor(size_bytes / 2), size_bytes - 1]) {
        const folder = await damaged()
        edit(path.join(folder, name), flip(at))
        expect(await problemsOf(folder), `${name} at ${at}`).not.toEqual([])
      }
  })

  it('notices a flipped bit anywhere in a shard even when the digests agree', async () => {
    const random = createRandom(5)
    const { size_bytes } = job.outputs.find(({ name }) => name === 'images_00000.tar')!
    // A header, an image, the padding behind it and the end, then places at random.
    const places = [
      5,
      130,
      150,
      520,
      size_bytes - 5,
      ...Array.from({ length: 8 }, () => random.int(0, size_bytes - 1)),
    ]
    for (const at of places) {
      const folder = await damaged()
      edit(path.join(folder, 'images_00000.tar'), flip(at))
      adjustDigests(folder)
      expect(await problemsOf(folder), `byte ${at}`).not.toEqual([])
    }
  })

  it.each([
    ['a row is missing', 'rois_00000.jsonl', (text: string) => text.slice(text.indexOf('\n') + 1)],
    [
      'a row is there twice',
      'rois_00000.jsonl',
      (text: string) => text + text.slice(0, text.indexOf('\n') + 1),
    ],
    [
      'a number differs',
      'rois_00000.jsonl',
      (text: string) => text.replace('"trigger": 1,', '"trigger": 2,'),
    ],
    [
      'a count differs',
      'bins_00000.jsonl',
      (text: string) => text.replace(/"lines": (\d)/, '"lines": 9$1'),
    ],
    [
      'a header value differs',
      'bins_00000.jsonl',
      (text: string) => text.replace('23.4125', '23.4126'),
    ],
    [
      'the index differs',
      'images_00000.json',
      (text: string) => text.replace(/"size_bytes":\s*(\d)/, '"size_bytes":9$1'),
    ],
  ])('notices that %s even when the digests agree', async (_what, name, change) => {
    const folder = await damaged()
    edit(path.join(folder, name), (bytes) => {
      const changed = change(bytes.toString('utf8'))
      expect(changed).not.toBe(bytes.toString('utf8'))
      return changed
    })
    adjustDigests(folder)
    expect(await problemsOf(folder)).not.toEqual([])
  })

  it('notices a file that the job does not list, and one that is gone', async () => {
    const more = await damaged()
    writeFileSync(path.join(more, 'images_00001.tar'), '')
    expect(await problemsOf(more)).toEqual(['images_00001.tar: not an output of the job'])
    const less = await damaged()
    rmSync(path.join(less, 'bins_00000.jsonl'))
    expect(await problemsOf(less)).not.toEqual([])
  })

  it('is a command that exits 1 when something differs', async () => {
    const command = (folder: string) =>
      spawnSync(process.execPath, [path.join(import.meta.dirname, 'verify.ts'), bins, folder])
    expect(command(results).status).toBe(0)
    const folder = await damaged()
    edit(path.join(folder, 'images_00000.tar'), flip(4096))
    expect(command(folder).status).toBe(1)
  })
})
