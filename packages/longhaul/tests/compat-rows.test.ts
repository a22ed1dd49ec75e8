import { ingestStarted, ingestView } from '@longhaul/protocol'
import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../src/app/index.ts'
import { ownBackends } from './harness/backends.ts'
import { fixture, startHttpService, type HttpService, type Loose } from './harness/http-service.ts'
import { startServer } from './harness/server-process.ts'
import { until } from './harness/until.ts'

// What went wrong in systems A and B, row by row, and is not shown by the tests of their clients.

let service: HttpService
beforeAll(async () => {
  service = await startHttpService({}, [fixture('compat-processor.ts')])
})
afterAll(() => service.stop())

/** Uploads files in the old way; the job runs under the answered id. */
async function ingest(files: readonly [name: string, text: string][], url = service.url) {
  const post = async (where: string, body: object) => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(url + where, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    expect([where, response.status]).toEqual([where, 200])
    return response.json()
  }
  const announced = files.map(([filename, text]) => ({
    filename,
    size_bytes: Buffer.byteLength(text),
  }))
  const started = ingestStarted.parse(await post('/ingest/start', { files: announced }))
  const { job_id } = started
  const send = async (n: number, to = started.files[n]?.part_urls[0]?.url) => {
    const put = await fetch(String(to), { method: 'PUT', body: files[n]?.[1] ?? '' })
    return put.headers.get('etag')
  }
  const complete = async (n: number, etag: string | null, at = url) => {
    const { file_id, upload_id } = started.files[n] ?? {}
    const parts = [{ PartNumber: 1, ETag: etag }]
    url = at
    await post('/ingest/complete', { job_id, file_id, upload_id, parts })
  }
  return {
    job_id,
    send,
    complete,
    all: async () => {
      for (const n of files.keys()) await complete(n, await send(n))
      return job_id
    },
  }
}
const orders = (what: object): [string, string] => ['orders.json', JSON.stringify(what)]
const jobOf = async (id: string): Promise<Loose> => (await service.call(`GET /jobs/${id}`)).json

it('[A.8.1] a restart loses no job and no upload, however it comes about', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-restart-'))
  const config = { dataDir: path.join(folder, 'data'), leaseMs: 2000, ...(await ownBackends()) }
  const source = { kind: 'file', path: fixture('compat-processor.ts') } as const
  const open = () => startServer({ sources: [source], config })
  let server = await open()
  try {
    const done = await (await ingest([['a.txt', 'abc']], server.url)).all()
    const half = await ingest(
      [
        ['b.txt', 'b'],
        ['c.txt', 'cc'],
      ],
      server.url,
    )
    await half.complete(0, await half.send(0))
    const etag = await half.send(1)
    await server.kill('SIGKILL')
    server = await open()
    const answer = await fetch(`${server.url}/ingest/${half.job_id}`)
    const view = ingestView.parse(await answer.json())
    expect(view.files.map(({ status, missing_parts }) => [status, missing_parts])).toEqual([
      ['completed', []],
      ['open', []],
    ])
    await half.complete(1, etag, server.url)
    for (const id of [done, half.job_id])
      await until(`the end of ${id}`, async () => {
        const job = (await (await fetch(`${server.url}/jobs/${id}`)).json()) as { status: string }
        return job.status === 'completed'
      })
  } finally {
    await server.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
})

it('[A.8.4] the service answers while jobs read their files and work', async () => {
  const flag = path.join(service.folder, 'go-on')
  const big = 'x'.repeat(4 << 20)
  const jobs = await Promise.all(
    [1, 2, 3].map(async () => (await ingest([orders({ wait_for: flag }), ['big.bin', big]])).all()),
  )
  await until('all three to work', async () => {
    const states = await Promise.all(jobs.map(async (id) => (await jobOf(id)).status as string))
    expect((await service.call('GET /health')).json.status).toBe('healthy')
    return states.every((status) => status === 'processing')
  })
  for (const id of jobs) await service.call(`POST /jobs/${id}/cancel`)
  for (const id of jobs) await service.ended(id)
})

it('[A.8.7] files of one base name do not overwrite each other', async () => {
  const id = await (
    await ingest([
      ['x/a.txt', 'one'],
      ['y/a.txt', 'three'],
    ])
  ).all()
  await service.ended(id)
  expect((await jobOf(id)).result.metrics).toEqual({ inputs_processed: 2, bytes: 8 })
})

it('[A.8.12] settings of older services do not keep it from starting', () => {
  const old = {
    JOB_TIMEOUT_SECONDS: '3600',
    MASKS_SHARD_SIZE_MB: '128',
    MASKS_PER_SHARD_ESTIMATE: '10000',
    BATCH_SIZE: '32',
    API_TITLE: 'IFCB Features Microservice',
  }
  const config = readConfig({}, old)
  expect(config).toMatchObject({ jobTimeoutSeconds: 3600, shardBytes: 128 << 20, batchJobs: true })
  expect(readConfig({}, { ENABLE_BATCH_JOBS: 'false' }).batchJobs).toBe(false)
  expect(() => readConfig({}, { ENABLE_BATCH_JOBS: 'perhaps' })).toThrow(/true or false/)
})

it('[A.8.15] a limit below 1 is refused, and there are pages', async () => {
  for (const limit of ['-1', '0', '1.5', ''])
    expect([limit, (await service.call(`GET /jobs?limit=${limit}`)).status]).toEqual([limit, 422])
  await service.ended(await (await ingest([['a.txt', 'a']])).all())
  await service.ended(await (await ingest([['a.txt', 'a']])).all())
  const first = await service.call('GET /jobs?limit=1')
  const next = /^<(.+)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
  const second = await service.call(`GET ${next}`)
  expect(second.json).toHaveLength(1)
  expect(second.json[0].job_id).not.toBe(first.json[0].job_id)
})

it('[B.8.7 Y.1.2] a job that fails leaves nothing in the work folder, wherever it failed', async () => {
  const { bucket } = service.app.services.config
  const failing = [
    { manifest_inline: { files: [`s3://${bucket}/datasets/nothing`] } },
    { manifest_inline: { files: ['s3://other/key'] } },
    { manifest_uri: `s3://${bucket}/datasets/no-manifest.json` },
  ]
  const jobs = await Promise.all(
    failing.map(async (json) => String((await service.call('POST /jobs', { json })).json.job_id)),
  )
  jobs.push(await (await ingest([orders({ fail: 'bad' })])).all())
  for (const id of jobs) expect((await service.ended(id)).status).toBe('failed')
  const work = path.join(service.app.services.config.dataDir, 'work')
  await until('the work folder to be empty', async () =>
    (await readdir(work)).every((name) => !jobs.some((id) => name.startsWith(id))),
  )
})

it('[B.8.8] a processor loads nothing but what it uses', async () => {
  const code = `
    import { registerHooks } from 'node:module'
    const loaded = new Set()
    registerHooks({ load(url, context, next) { loaded.add(url); return next(url, context) } })
    await import('longhaul')
    const packages = [...loaded].flatMap((url) => /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1] ?? [])
    console.log(JSON.stringify([loaded.size > 10, [...new Set(packages)]]))`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=longhaul-source', '--input-type=module', '--eval', code],
    { cwd: import.meta.dirname },
  )
  expect(JSON.parse(stdout)).toEqual([true, ['zod']])
})

it('[Y.2.13] a processor that ends its process ends its own attempt, and nothing else', async () => {
  const flag = path.join(service.folder, 'go-on-too')
  const other = await (await ingest([orders({ wait_for: flag })])).all()
  const id = await (await ingest([orders({ exit: 3 })])).all()
  expect((await service.ended(id)).status).toBe('failed')
  expect((await jobOf(id)).error).not.toBe('')
  expect(['queued', 'processing']).toContain((await jobOf(other)).status)
  await service.call(`POST /jobs/${other}/cancel`)
  await service.ended(other)
})

describe('[Y.2.21] the progress of a job that failed early', () => {
  it('is none when its manifest could not be read', async () => {
    const uri = `s3://${service.app.services.config.bucket}/datasets/no-manifest.json`
    const { json } = await service.call('POST /jobs', { json: { manifest_uri: uri } })
    await service.ended(String(json.job_id))
    expect(await jobOf(String(json.job_id))).toMatchObject({ status: 'failed', progress: null })
  })

  it('is the download when a file was missing', async () => {
    const uri = `s3://${service.app.services.config.bucket}/datasets/nothing`
    const { json } = await service.call('POST /jobs', {
      json: { manifest_inline: { files: [uri] } },
    })
    await service.ended(String(json.job_id))
    expect(await jobOf(String(json.job_id))).toMatchObject({
      status: 'failed',
      progress: { stage: 'download', message: 'start' },
    })
  })
})

it('[Y.2.26 A.7] results.json is indented, and says what lies beside it', async () => {
  const id = await (await ingest([['a.txt', 'abc']])).all()
  await service.ended(id)
  const { bucket } = service.app.services.config
  const base = `s3://${bucket}/results/${id}`
  const { text } = await service.call(`GET /jobs/${id}/outputs/results.json`)
  const jsonl = await service.call(`GET /jobs/${id}/outputs/responses_00000.jsonl`)
  const index = {
    job_id: id,
    outputs: [
      {
        name: 'responses',
        type: 'tabular',
        format: 'jsonl',
        uris: [`${base}/responses_00000.jsonl`],
        shards: [],
        metadata: { records_emitted: 1, file_count: 1, bytes: Buffer.byteLength(jsonl.text) },
      },
    ],
    metrics: { inputs_processed: 1, bytes: 3 },
  }
  expect(text).toBe(JSON.stringify(index, null, 2))
  const { result } = await jobOf(id)
  expect(result).toEqual({
    outputs: index.outputs,
    metrics: index.metrics,
    results_index_uri: `${base}/results.json`,
  })
})

it('[B.2] without batch jobs neither ingests nor manifests are there', async () => {
  const small = await startHttpService({ batchJobs: false }, [fixture('compat-processor.ts')])
  try {
    const start = { json: { files: [{ filename: 'a', size_bytes: 1 }] } }
    expect((await small.call('POST /ingest/start', start)).status).toBe(404)
    const manifest = { json: { manifest_inline: { files: ['s3://b/k'] } } }
    expect((await small.call('POST /jobs', manifest)).status).toBe(404)
    const form = { form: { files: [['a.txt', 'a'] as [string, string]] } }
    expect((await small.call('POST /processors/count/run', form)).status).toBe(200)
  } finally {
    await small.stop()
  }
})
