import {
  binJobResult,
  ingestBinsStarted,
  ingestView,
  systemBJob,
  type BinJobResult,
} from '@longhaul/protocol'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { extract } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { filesIn, oldClientOf, type FilesIn } from './harness/old-client.ts'
import { fixture, startHttpService, type HttpService } from './harness/http-service.ts'
import { until } from './harness/until.ts'

let service: HttpService
let make: FilesIn
const call = oldClientOf(() => service.url)
beforeAll(async () => {
  service = await startHttpService({}, [fixture('compat-bins.ts'), fixture('compat-processor.ts')])
  make = filesIn(service.folder)
})
afterAll(() => service.stop())

const base = '/processors/features'
const bucket = () => service.app.services.config.bucket
const header = (name: string, orders: object = {}) => make(`${name}.hdr`, JSON.stringify(orders))
const binOf = (name: string, orders?: object) => [
  make(`${name}.adc`, `adc of ${name}`),
  make(`${name}.roi`, `roi of ${name}`),
  header(name, orders),
]
const uploaded = z.object({ started: ingestBinsStarted.strict(), job: systemBJob.strict() })
const upload = async (bins: Record<string, string[]>) =>
  uploaded.parse(await call(base, 'b.upload_bins', { bins }))
const waitFor = async (job_id: string) =>
  systemBJob.strict().parse(await call(base, 'b.wait_for_job', { job_id }))

/** Three objects in the store, and the manifest's entry about them. */
async function storedBin(bin_id: string, orders?: object) {
  const { started } = await upload({ [bin_id]: binOf(bin_id, orders) })
  const [{ files } = { files: [] }] = started.bins
  const bytes = files.reduce((sum, { size_bytes }) => sum + size_bytes, 0)
  return { bin_id, files: files.map(({ s3_key }) => `s3://${bucket()}/${s3_key}`), bytes }
}
async function storeText(name: string, text: string): Promise<string> {
  const { json } = await service.call('POST /uploads', {
    json: { filename: name, size_bytes: Buffer.byteLength(text) },
  })
  await fetch(String(json.part_urls[0].url), { method: 'PUT', body: text })
  return String((await service.call(`POST /uploads/${json.upload_id}/complete`)).json.uri)
}
async function membersOf(tar: Uint8Array): Promise<[string, string][]> {
  const found: [string, string][] = []
  const reader = extract()
  reader.end(tar)
  for await (const entry of reader) {
    const chunks: Buffer[] = []
    for await (const chunk of entry) chunks.push(chunk as Buffer)
    found.push([entry.header.name, Buffer.concat(chunks).toString()])
  }
  return found
}
async function outputOf(jobId: string, name: string): Promise<Uint8Array> {
  const response = await fetch(`${service.url}/jobs/${jobId}/outputs/${name}`)
  expect(response.status).toBe(200)
  return new Uint8Array(await response.arrayBuffer())
}

describe('bins that are uploaded', () => {
  it('[B.2 POST /ingest/start] are answered bin by bin, with the keys of their files', async () => {
    const bins = ['D1', 'größe 2'].map((bin_id) => ({
      bin_id,
      files: ['a.adc', 'a.roi', 'a.hdr'].map((filename) => ({ filename, size_bytes: 3 })),
    }))
    const [answer] = await call(base, 'b.start_bins', { bins })
    const started = ingestBinsStarted.strict().parse(answer)
    expect(started.bins.map(({ bin_id }) => bin_id)).toEqual(['D1', 'größe 2'])
    for (const { bin_id, files } of started.bins)
      expect(files.map(({ filename, s3_key }) => [filename, s3_key])).toEqual(
        ['a.adc', 'a.roi', 'a.hdr'].map((name) => [
          name,
          `datasets/${started.job_id}/${bin_id}/${name}`,
        ]),
      )
  })

  it('[B.2 POST /ingest/complete] become one job under the id of the ingest, in their order', async () => {
    const { started, job } = await upload({ D2: binOf('D2'), D1: binOf('D1', { rois: 3 }) })
    expect(job.job_id).toBe(started.job_id)
    const { result } = await waitFor(job.job_id)
    expect(result).toEqual({
      job_id: job.job_id,
      features: {
        format: 'parquet',
        uris: [`s3://${bucket()}/results/${job.job_id}/features/part-0000.parquet`],
        schema: { bin_id: 'string', roi_number: 'int64' },
      },
      masks: {
        format: 'webdataset',
        shards: [
          {
            uri: `s3://${bucket()}/results/${job.job_id}/masks/shard-00000.tar`,
            index_uri: `s3://${bucket()}/results/${job.job_id}/masks/shard-00000.json`,
          },
        ],
      },
      counts: { bins: 2, rois: 5, masks: 5 },
    } satisfies BinJobResult)
    const table = Buffer.from(await outputOf(job.job_id, 'features/part-0000.parquet')).toString()
    expect(table).toBe('D2: D2.adc D2.roi D2.hdr 32\nD1: D1.adc D1.roi D1.hdr 32')
  })

  it('[B.7] leave masks and their index as they were before, and results.json where clients look', async () => {
    const { job } = await upload({ D7: binOf('D7'), D8_x: binOf('D8_x', { rois: 1 }) })
    const { result } = await waitFor(job.job_id)
    expect(await membersOf(await outputOf(job.job_id, 'masks/shard-00000.tar'))).toEqual([
      ['D7_00001.png', 'mask 1 of D7'],
      ['D7_00002.png', 'mask 2 of D7'],
      ['D8_x_00001.png', 'mask 1 of D8_x'],
    ])
    const index = Buffer.from(await outputOf(job.job_id, 'masks/shard-00000.json')).toString()
    expect(JSON.parse(index)).toEqual({
      D7_00001: { bin_id: 'D7', roi_number: 1, tar_member: 'D7_00001.png' },
      D7_00002: { bin_id: 'D7', roi_number: 2, tar_member: 'D7_00002.png' },
      D8_x_00001: { bin_id: 'D8_x', roi_number: 1, tar_member: 'D8_x_00001.png' },
    })
    expect(await call(base, 'b.results_uri', { job_id: job.job_id })).toBe(
      `s3://${bucket()}/results/${job.job_id}/results.json`,
    )
    const text = Buffer.from(await outputOf(job.job_id, 'results.json')).toString()
    expect(binJobResult.strict().parse(JSON.parse(text))).toEqual(result)
    expect(text).toBe(JSON.stringify(result, null, 2)) // Y.2.26
  })

  it('may have any number of files, of names that other bins have too', async () => {
    const one = make('same.hdr', '{"rois":1}')
    const { job } = await upload({ D1: [one], D2: [make('same.hdr', '{"rois":4}')] })
    expect((await waitFor(job.job_id)).result?.counts).toEqual({ bins: 2, rois: 5, masks: 5 })
  })

  it.each<[string, { bins?: string[]; files?: true }, number, string]>([
    ['twice the same bin', { bins: ['D1', 'D1'] }, 400, 'duplicate-bin'],
    ['a slash in a bin_id', { bins: ['a/b'] }, 400, 'invalid-file-name'],
    ['a bin that leads upwards', { bins: ['..'] }, 400, 'invalid-file-name'],
    ['no bin', { bins: [] }, 422, 'invalid-request'],
    ['files beside bins', { bins: ['D1'], files: true }, 422, 'invalid-request'],
    ['neither', {}, 422, 'invalid-request'],
  ])('are refused with %s', async (_what, { bins, files }, status, code) => {
    const list = [{ filename: 'a', size_bytes: 1 }]
    const json = {
      ...(bins && { bins: bins.map((bin_id) => ({ bin_id, files: list })) }),
      ...(files && { files: list }),
    }
    const answer = await service.call(`POST ${base}/ingest/start`, { json })
    expect([answer.status, answer.json.code]).toEqual([status, code])
  })

  it('need their bin_id when a file is completed', async () => {
    const files = [{ filename: 'a.hdr', size_bytes: 2 }]
    const { json } = await service.call(`POST ${base}/ingest/start`, {
      json: { bins: [{ bin_id: 'D1', files }] },
    })
    const [file] = json.bins[0].files
    const put = await fetch(String(file.part_urls[0].url), { method: 'PUT', body: '{}' })
    const body = {
      job_id: json.job_id,
      file_id: file.file_id,
      upload_id: file.upload_id,
      parts: [{ PartNumber: 1, ETag: put.headers.get('etag') }],
    }
    const complete = (more: object) =>
      service.call(`POST ${base}/ingest/complete`, { json: { ...body, ...more } })
    const without = await complete({})
    expect([without.status, without.json.detail]).toMatchObject([
      422,
      [{ type: 'missing', loc: ['body', 'bin_id'] }],
    ])
    const other = await complete({ bin_id: 'D2' })
    expect([other.status, other.json.code]).toEqual([400, 'upload-mismatch'])
    expect((await complete({ bin_id: 'D1' })).status).toBe(200)
    expect((await complete({ bin_id: 'D1' })).status).toBe(200)
    expect((await waitFor(String(json.job_id))).status).toBe('completed')
  })
})

describe('an ingest on its way', () => {
  const start = async () => {
    const files = [
      { filename: 'a.adc', size_bytes: (5 << 20) + 1 },
      { filename: 'a.hdr', size_bytes: 2 },
    ]
    const { json } = await service.call(`POST ${base}/ingest/start`, {
      json: { bins: [{ bin_id: 'D1', files }] },
    })
    return ingestBinsStarted.parse(json)
  }
  const view = async (id: string) => {
    const { status, json } = await service.call(`GET ${base}/ingest/${id}`)
    expect(status).toBe(200)
    return ingestView.strict().parse(json)
  }

  it('tells what is missing, with URLs to go on, until it is a job', async () => {
    const { job_id, bins } = await start()
    const [adc, hdr] = bins[0]?.files ?? []
    const etags: (string | null)[] = []
    const put = async (url: string | undefined, bytes: number) => {
      const body = bytes === 2 ? '{}' : new Uint8Array(bytes)
      etags.push((await fetch(String(url), { method: 'PUT', body })).headers.get('etag'))
    }
    await put(adc?.part_urls[1]?.url, 1)
    const before = await view(job_id)
    expect(before.status).toBe('open')
    expect(before.files).toMatchObject([
      { bin_id: 'D1', filename: 'a.adc', missing_parts: [1], received_bytes: 1, status: 'open' },
      { bin_id: 'D1', filename: 'a.hdr', missing_parts: [1], received_bytes: 0, status: 'open' },
    ])
    expect(before.files.map(({ file_id }) => file_id)).toEqual([adc?.file_id, hdr?.file_id])
    await put(before.files[0]?.part_urls[0]?.url, 5 << 20)
    await put(before.files[1]?.part_urls[0]?.url, 2)
    const parts = [
      [
        { PartNumber: 1, ETag: etags[1] },
        { PartNumber: 2, ETag: etags[0] },
      ],
      [{ PartNumber: 1, ETag: etags[2] }],
    ]
    for (const [n, { file_id, upload_id }] of [adc, hdr].flatMap((one) => one ?? []).entries()) {
      const json = { job_id, bin_id: 'D1', file_id, upload_id, parts: parts[n] }
      expect((await service.call(`POST ${base}/ingest/complete`, { json })).status).toBe(200)
    }
    const after = await view(job_id)
    expect(after.status).toBe('submitted')
    expect(after.files.flatMap(({ missing_parts }) => missing_parts)).toEqual([])
    expect((await waitFor(job_id)).status).toBe('completed')
    const late = await service.call(`POST ${base}/ingest/abort`, { json: { job_id } })
    expect([late.status, late.json.code]).toEqual([409, 'upload-complete'])
  })

  it('[A.8.10] can be given up, twice, and then is not there', async () => {
    const { job_id, bins } = await start()
    const [file] = bins[0]?.files ?? []
    for (let n = 0; n < 2; n++) {
      const { status, json } = await service.call(`POST ${base}/ingest/abort`, { json: { job_id } })
      expect([status, json]).toEqual([200, { job_id, status: 'aborted' }])
    }
    expect((await service.call(`GET ${base}/ingest/${job_id}`)).status).toBe(404)
    const json = { ...file, job_id, bin_id: 'D1', parts: [] }
    const late = await service.call(`POST ${base}/ingest/complete`, { json })
    expect([late.status, late.json.code]).toEqual([400, 'upload-mismatch'])
    const prefix = `datasets/${job_id}/`
    const open = []
    for await (const one of service.app.services.storage.listUploads(prefix)) open.push(one)
    expect(open).toEqual([])
  })

  it('that nobody started is 404', async () => {
    const unknown = '00000000-0000-4000-8000-000000000000'
    for (const what of [`GET ${base}/ingest/${unknown}`, `POST ${base}/ingest/abort`]) {
      const json = what.startsWith('POST') ? { json: { job_id: unknown } } : {}
      const answer = await service.call(what, json)
      expect([answer.status, answer.json.code]).toEqual([404, 'upload-not-found'])
    }
  })
})

describe('a manifest of bins', () => {
  it('[B.2 POST /jobs] may be inline, or stored as JSON or as JSON lines', async () => {
    const bins = [await storedBin('M1', { rois: 1 }), await storedBin('M2', { rois: 2 })]
    const lines = bins.map((bin) => JSON.stringify(bin))
    const manifests = [
      { manifest_inline: { bins } },
      { manifest_uri: await storeText('manifest.json', JSON.stringify({ bins })) },
      // A blank line used to fail the job (Y.2.22).
      { manifest_uri: await storeText('manifest.jsonl', `${lines.join('\n\n')}\n`) },
    ]
    for (const manifest of manifests) {
      const { job_id } = await call(base, 'b.submit_job', manifest)
      const { result, progress } = await waitFor(String(job_id))
      expect(result?.counts).toEqual({ bins: 2, rois: 3, masks: 3 })
      expect(progress).toEqual({
        stage: 'completed',
        percent: 100,
        detail: { processed_bins: 2, total_bins: 2, processed_rois: 3 },
      })
    }
  })

  it('[B.8.1 B.8.2] is one job for one key, also at once, at the end and after it; another body is 409', async () => {
    const bin = await storedBin('K1')
    const manifest_inline = { bins: [bin] }
    const submit = (more: object = {}) =>
      call(base, 'b.submit_job', { manifest_inline, idempotency_key: 'one key', ...more })
    const first = await Promise.all([submit(), submit(), submit()])
    expect(new Set(first.map(({ job_id }) => String(job_id))).size).toBe(1)
    const id = String(first[0]?.job_id)
    await waitFor(id)
    expect((await submit()).job_id).toBe(id)
    const header = await service.call(`POST ${base}/jobs`, {
      json: { manifest_inline, parameters: { batch_size: 32 } },
      headers: { 'idempotency-key': 'one key' },
    })
    expect([header.status, header.json.job_id]).toEqual([200, id])
    expect(await submit({ parameters: { batch_size: 7 } })).toMatchObject({
      raised: 'APIError',
      text: expect.stringMatching(/^409 /) as string,
    })
    expect((await submit({ idempotency_key: '' })).job_id).not.toBe(id) // Y.2.22: no key
  })

  it('[B.8.12] has parameters that reach the processor, and digests that are checked', async () => {
    const bin = await storedBin('P1')
    const { job_id } = await call(base, 'b.submit_job', {
      manifest_inline: { bins: [bin] },
      parameters: { batch_size: 7 },
    })
    await waitFor(String(job_id))
    const table = Buffer.from(await outputOf(String(job_id), 'features/part-0000.parquet'))
    expect(table.toString()).toBe('P1: P1.adc P1.roi P1.hdr 7')
    const whole = createHash('sha256').update('adc of P1').update('roi of P1').update('{}')
    const sha256 = whole.digest('hex').toUpperCase()
    const right = await call(base, 'b.submit_job', {
      manifest_inline: { bins: [{ ...bin, sha256 }] },
    })
    expect((await waitFor(String(right.job_id))).status).toBe('completed')
    const wrong = await call(base, 'b.submit_job', {
      manifest_inline: { bins: [{ ...bin, sha256: 'ab'.repeat(32) }] },
    })
    expect(await call(base, 'b.wait_for_job', { job_id: wrong.job_id })).toEqual({
      raised: 'JobFailedError',
      text: expect.stringMatching(/P1.*SHA-256/) as string,
    })
  })

  it('[A.8.18] is taken by any processor, also by one that knows no batch_size', async () => {
    const bin = await storedBin('A1')
    const { job_id } = await call('/processors/count', 'b.submit_job', {
      manifest_inline: { bins: [bin] },
    })
    const { result } = systemBJob.parse(
      await call('/processors/count', 'b.wait_for_job', { job_id }),
    )
    expect(result).toMatchObject({ features: { uris: [] }, counts: { bins: 1 } })
  })

  it('[Y.2.22] without any bin completes, and has an empty result', async () => {
    const { job_id } = await call(base, 'b.submit_job', { manifest_inline: { bins: [] } })
    const { result } = await waitFor(String(job_id))
    expect(result).toMatchObject({
      features: { uris: [] },
      masks: { shards: [] },
      counts: { bins: 0, rois: 0, masks: 0 },
    })
    const { json } = await service.call(`GET /jobs/${job_id}/outputs`)
    expect(json.outputs).toMatchObject([{ name: 'results.json' }])
  })

  it.each([
    ['two files', { files: ['s3://b/1', 's3://b/2'] }, 422],
    ['no bytes', { bytes: undefined }, 422],
    ['a digest that is none', { sha256: 'abc' }, 422],
  ])('is refused with a bin of %s', async (_what, change, status) => {
    const bin = { bin_id: 'D', files: ['s3://b/1', 's3://b/2', 's3://b/3'], bytes: 1, ...change }
    const json = { manifest_inline: { bins: [bin] } }
    expect((await service.call(`POST ${base}/jobs`, { json })).status).toBe(status)
  })

  it.each<[string, { bins: string[]; files?: string[] }, number, string]>([
    ['twin bins', { bins: ['D', 'D'] }, 400, 'duplicate-bin'],
    ['files beside bins', { bins: ['D'], files: ['s3://b/k'] }, 400, 'ambiguous-job'],
  ])('is refused with %s', async (_what, { bins, files }, status, code) => {
    const entry = { files: ['s3://b/1', 's3://b/2', 's3://b/3'], bytes: 1 }
    const inline = { bins: bins.map((bin_id) => ({ bin_id, ...entry })), ...(files && { files }) }
    const json = { manifest_inline: inline }
    const answer = await service.call(`POST ${base}/jobs`, { json })
    expect([answer.status, answer.json.code]).toEqual([status, code])
  })

  it.each([
    ['an empty .jsonl', 'm.jsonl', '\n', 'No bins provided'],
    ['a broken line', 'm.jsonl', '{"bin_id":"D"}\n{', 'bins.0.files|line 2'],
    [
      'a bin of two files',
      'm.json',
      '{"bins":[{"bin_id":"D","files":["a","b"],"bytes":1}]}',
      'bins.0.files',
    ],
    ['no list', 'm.json', '{"bins":7}', 'must be'],
  ])(
    '[Y.2.22] that is stored with %s is a job that fails and says so',
    async (_what, name, text, said) => {
      const manifest_uri = await storeText(name, text)
      const { job_id } = await call(base, 'b.submit_job', { manifest_uri })
      expect(await call(base, 'b.wait_for_job', { job_id })).toEqual({
        raised: 'JobFailedError',
        text: expect.stringMatching(said) as string,
      })
      const { json } = await service.call(`GET /jobs/${job_id}/outputs`)
      expect(json.outputs).toEqual([]) // no result object of a failed job
    },
  )
})

describe('a job of bins', () => {
  it('[B.2 GET /jobs/{job_id}] tells of the bin it is at, and keeps that when it fails', async () => {
    const flag = path.join(service.folder, 'go-on')
    const { job } = await upload({
      D1: binOf('D1'),
      D2: binOf('D2', { wait_for: flag, fail: 'bad roi' }),
    })
    const seen = await until('its second bin', async () => {
      const { progress } = systemBJob.parse(await call(base, 'b.get_job', { job_id: job.job_id }))
      return progress?.detail['bin_id'] === 'D2' ? progress : undefined
    })
    expect(seen).toEqual({
      stage: 'processing',
      percent: 50,
      detail: { message: 'executor_start', bin_id: 'D2', bin_index: 2, bin_total: 2 },
    })
    writeFileSync(flag, '')
    expect(await call(base, 'b.wait_for_job', { job_id: job.job_id })).toEqual({
      raised: 'JobFailedError',
      text: expect.stringContaining('bad roi') as string,
    })
    const failed = systemBJob.parse(await call(base, 'b.get_job', { job_id: job.job_id }))
    expect([failed.status, failed.result, failed.progress]).toEqual(['failed', null, seen])
  })

  it('[B.2 GET /jobs?limit=50] is listed in the same words, in a bare array', async () => {
    const jobs = await call(base, 'b.list_jobs', { limit: 1000 })
    const read = z.array(systemBJob.strict()).parse(jobs)
    expect(read).toEqual(jobs)
    expect(read.length).toBeGreaterThan(10)
  })

  it('[B.2 GET / B.2 GET /health] is served by a healthy service', async () => {
    for (const where of ['/', '/health', `${base}/health`]) {
      const { json } = await service.call(`GET ${where}`)
      expect(json).toMatchObject({
        status: 'healthy',
        version: where === '/' || where === '/health' ? '0.1.0' : '2.0.0',
      })
    }
  })
})

it('[B.2] describes itself under /docs/compat', async () => {
  const { paths } = (await service.call('GET /docs/compat/json')).json as {
    paths: Record<string, Record<string, { tags: string[] }>>
  }
  const ofB = Object.entries(paths).flatMap(([url, methods]) =>
    Object.entries(methods).flatMap(([method, { tags }]) =>
      tags.includes('system B') ? [`${method.toUpperCase()} ${url}`] : [],
    ),
  )
  expect(ofB.sort()).toEqual([
    'GET /health',
    'GET /ingest/{job_id}',
    'GET /jobs',
    'GET /jobs/{id}',
    'GET /jobs/{id}/progress',
    'POST /ingest/abort',
    'POST /ingest/complete',
    'POST /ingest/start',
    'POST /jobs',
  ])
})
