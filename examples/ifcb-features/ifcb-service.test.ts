import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startService, type Service } from '../demo-kit/service.ts'
import { watchJob } from '../demo-kit/watch-job.ts'
import { makeNewStyleBin } from '../ifcb-images/sample/new-style-bin.ts'
import { filesOf } from './ifcb-features.fixture.ts'

const sample = makeNewStyleBin({ seed: 12, triggers: 5 })
const { id: bin_id, files } = filesOf(sample)
let folder: string
let service: Service
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'ifcb-features-'))
  const served = path.join(import.meta.dirname, 'ifcb-features.ts')
  service = await startService([served], { dataDir: path.join(folder, 'data') })
})
afterAll(async () => {
  const left = await service.stop()
  await rm(folder, { recursive: true, force: true })
  expect(left).toEqual([])
})

async function call<T>(route: string, body?: object): Promise<T> {
  const json = { method: 'POST', headers: { 'content-type': 'application/json' } }
  const response = await fetch(
    service.url + route,
    body === undefined ? {} : { ...json, body: JSON.stringify(body) },
  )
  const text = await response.text()
  if (!response.ok) throw new Error(`${route} answered ${response.status}: ${text}`)
  return JSON.parse(text) as T
}
const put = async (url: string, content: string | Uint8Array) => {
  const answer = await fetch(url, { method: 'PUT', body: Buffer.from(content) })
  return [{ PartNumber: 1, ETag: answer.headers.get('etag') }]
}
interface Finished {
  readonly status: string
  readonly result: Record<string, unknown>
  readonly outputs: readonly { readonly name: string; readonly sha256: string }[]
}
async function finished(jobId: string) {
  await watchJob(`${service.url}/jobs/${jobId}/events`)
  const native = await call<Finished>(`/jobs/${jobId}?view=native`)
  expect(native.status).toBe('completed')
  const digests = new Map(native.outputs.map(({ name, sha256 }) => [name, sha256]))
  return { digests, told: await call<Finished>(`/jobs/${jobId}`) }
}
interface Started {
  readonly file_id: string
  readonly upload_id: string
  readonly s3_key: string
  readonly part_urls: readonly [{ readonly url: string }]
}
const described = files.map(({ name: filename, content }) => ({
  filename,
  size_bytes: Buffer.byteLength(content),
}))

it('takes a bin by upload, by a manifest in the request and by one of lines, with the same results', async () => {
  const started = await call<{ job_id: string; bins: [{ files: Started[] }] }>('/ingest/start', {
    bins: [{ bin_id, files: described }],
  })
  const { job_id, bins } = started
  for (const [index, { file_id, upload_id, part_urls }] of bins[0].files.entries()) {
    const parts = await put(part_urls[0].url, files[index]!.content)
    await call('/ingest/complete', { job_id, bin_id, file_id, upload_id, parts })
  }
  const { digests, told } = await finished(job_id)
  const { images } = sample.expected
  expect([...digests.keys()].filter((name) => !name.includes('multiblob')).sort()).toEqual([
    `blobs/${sample.day}/${bin_id}_blobs_v4.zip`,
    `features/${sample.day}/${bin_id}_features_v4.csv`,
    'features/part-0000.parquet',
    'masks/shard-00000.json',
    'masks/shard-00000.tar',
    `reports/${sample.day}/${bin_id}_report.html`,
    'responses_00000.jsonl',
    'results.json',
  ])
  expect(told.result).toMatchObject({
    features: { format: 'parquet', schema: { bin_id: 'string', Area: 'float64' } },
    masks: { format: 'webdataset', shards: [{ uri: expect.stringContaining('masks/shard-') }] },
    counts: { bins: 1, rois: images, masks: images },
  })
  const index = await call<object>(`/jobs/${job_id}/outputs/masks/shard-00000.json`)
  expect(Object.keys(index)).toHaveLength(images)
  expect(await call(`/jobs/${job_id}/outputs/results.json`)).toEqual(told.result)

  const bucket = 'stateful-microservice'
  const bytes = described.reduce((sum, { size_bytes }) => sum + size_bytes, 0)
  const entry = {
    bin_id,
    files: bins[0].files.map(({ s3_key }) => `s3://${bucket}/${s3_key}`),
    bytes,
  }
  const line = `${JSON.stringify(entry)}\n`
  const upload = await call<{ upload_id: string; part_urls: [{ url: string }] }>('/uploads', {
    filename: 'manifest.jsonl',
    size_bytes: Buffer.byteLength(line),
  })
  await put(upload.part_urls[0].url, line)
  const { uri } = await call<{ uri: string }>(`/uploads/${upload.upload_id}/complete`, {})
  for (const manifest of [{ manifest_inline: { bins: [entry] } }, { manifest_uri: uri }]) {
    const job = await call<{ job_id: string }>('/jobs', {
      ...manifest,
      parameters: { batch_size: 2 },
    })
    const again = await finished(job.job_id)
    for (const [name, digest] of again.digests)
      if (name !== 'results.json') expect(digest, name).toBe(digests.get(name))
    expect(again.told.result['counts']).toEqual(told.result['counts'])
  }
})

it('takes the three files without a bin, and tells the job in the words of clients of files', async () => {
  const started = await call<{ job_id: string; files: Started[] }>('/ingest/start', {
    files: described,
  })
  const { job_id } = started
  for (const [index, { file_id, upload_id, part_urls }] of started.files.entries()) {
    const parts = await put(part_urls[0].url, files[index]!.content)
    await call('/ingest/complete', { job_id, file_id, upload_id, parts })
  }
  const { digests, told } = await finished(job_id)
  expect([...digests.keys()]).toEqual(
    expect.arrayContaining(['artifacts_00000.tar', 'artifacts_00000.json', 'results.json']),
  )
  const { images } = sample.expected
  expect(told.result).toMatchObject({
    metrics: { inputs_processed: 1, records_emitted: images, artifacts_emitted: images },
    results_index_uri: expect.stringMatching(/\/results\.json$/),
  })
  const shard = await call<{ items: { name: string }[] }>(
    `/jobs/${job_id}/outputs/artifacts_00000.json`,
  )
  expect(shard.items[0]?.name).toMatch(new RegExp(`^${bin_id}/\\d{5}\\.png$`))
})
