import { ingestCompleted, ingestStarted, systemAJob } from '@longhaul/protocol'
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { z } from 'zod'
import { fixture, startHttpService, type HttpService } from './harness/http-service.ts'
import { filesIn, oldClientOf, type FilesIn } from './harness/old-client.ts'
import { until } from './harness/until.ts'

let service: HttpService
let makeFile: FilesIn
beforeAll(async () => {
  service = await startHttpService({}, [fixture('compat-processor.ts')])
  makeFile = filesIn(service.folder)
})
afterAll(() => service.stop())
const bucket = () => service.app.services.config.bucket

const oldClient = oldClientOf(() => service.url)
const flagFile = () => path.join(service.folder, `flag-${randomBytes(4).toString('hex')}`)
const orders = (what: object, name = 'orders.json') => makeFile(name, JSON.stringify(what))
const uploaded = z.object({
  started: ingestStarted,
  completed: z.array(ingestCompleted),
  job: systemAJob,
})
const upload = async (base: string, paths: string[]) =>
  uploaded.parse(await oldClient(base, 'upload', { paths }))

describe.each([
  ['at the root', ''],
  ['below its processor', '/processors/count'],
])('a client of system A, %s', (_where, base) => {
  it('[A.2 GET /health] finds the service healthy, in the version of its processor or service', async () => {
    const health = await oldClient(base, 'health')
    expect(health).toMatchObject({ status: 'healthy', version: base ? '3.4.5' : '0.1.0' })
  })

  it('[Y.3.1 A.2 POST /ingest/start] finds its files by their names in the answer of /ingest/start', async () => {
    const names = ['b.adc', 'b.hdr', 'größe 1.roi']
    const [answer] = await oldClient(base, 'start_ingest', {
      files: names.map((filename, index) => ({ filename, size_bytes: index + 1 })),
    })
    const { job_id, files: told } = ingestStarted.strict().parse(answer)
    expect(
      told.map((one) => [one.filename, one.s3_key, one.size_bytes, one.part_size_bytes]),
    ).toEqual(names.map((name, n) => [name, `datasets/${job_id}/${name}`, n + 1, 5 << 20]))
  })

  it('[Y.3.2 Y.3.3] cuts parts of 5 MiB itself, sends them to the given URLs, and brings their ETags back', async () => {
    const first = randomBytes((5 << 20) + 1)
    const second = randomBytes((5 << 20) + 1)
    const { started, completed, job } = await upload(base, [
      makeFile('one.bin', first),
      makeFile('two.bin', second),
    ])
    for (const { part_urls } of started.files)
      expect(part_urls.map(({ part_number }) => part_number)).toEqual([1, 2])
    for (const { etag } of completed) expect(etag).toMatch(/^".+"$/)
    const done = await oldClient(base, 'wait_for_job', { job_id: job.job_id })
    expect(done.result.metrics).toEqual({
      inputs_processed: 2,
      bytes: first.length + second.length,
    })
    const key = new URL(done.result.outputs[0].uris[0] as string).pathname.slice(1)
    const { text } = await service.call(`GET /jobs/${job.job_id}/outputs/${path.basename(key)}`)
    const record = z.object({ name: z.string(), size: z.int(), sha256: z.string() })
    const records = text
      .trim()
      .split('\n')
      .map((line) => record.parse(JSON.parse(line)))
    const expected = (name: string, bytes: Buffer) => ({
      name,
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    })
    expect(records).toEqual([expected('one.bin', first), expected('two.bin', second)])
  })

  it('[Y.3.4 Y.3.5 A.2 POST /ingest/complete] finds the job under the ingest id at once after the last completion', async () => {
    const { started, completed, job } = await upload(base, [
      makeFile('a.txt', 'a'),
      makeFile('b.txt', 'bb'),
    ])
    expect(job.job_id).toBe(started.job_id)
    expect(completed).toHaveLength(2)
    const again = await oldClient(base, 'wait_for_job', { job_id: job.job_id })
    expect(again).toMatchObject({
      status: 'completed',
      result: { metrics: { inputs_processed: 2, bytes: 3 } },
    })
  })

  it('[A.8.10 Y.1.1 Y.1.8] may complete a file twice, and changes nothing by it', async () => {
    const { started, job } = await upload(base, [makeFile('a.txt', 'abc')])
    await oldClient(base, 'wait_for_job', { job_id: job.job_id })
    const [one] = started.files
    if (!one) throw new Error('no file')
    const ids = { job_id: job.job_id, file_id: one.file_id, upload_id: one.upload_id }
    const put = await oldClient(base, 'put_part', { url: one.part_urls[0]?.url, data: '' }).catch(
      () => undefined,
    )
    expect(put).not.toEqual(expect.stringMatching(/^"/))
    const other = await oldClient(base, 'complete_ingest', {
      ...ids,
      parts: [{ PartNumber: 1, ETag: '"other"' }],
    })
    expect(other).toMatchObject({ raised: 'APIError', text: expect.stringMatching(/^409 /) })
    expect(await oldClient(base, 'get_job', { job_id: job.job_id })).toMatchObject({
      status: 'completed',
    })
    expect((await service.call(`GET /jobs/${job.job_id}?view=native`)).json.attempt).toBe(1)
  })

  it('[Y.3.6] hears only the words it knows, whatever becomes of a job', async () => {
    const flag = flagFile()
    const { job } = await upload(base, [orders({ wait_for: flag })])
    await until(
      'the job to run',
      async () =>
        (await oldClient(base, 'get_job', { job_id: job.job_id })).status === 'processing',
    )
    await service.call(`POST ${base}/jobs/${job.job_id}/cancel`)
    expect(await oldClient(base, 'wait_for_job', { job_id: job.job_id })).toEqual({
      raised: 'JobFailedError',
      text: 'cancelled',
    })
    writeFileSync(flag, '')
    await service.call(`POST ${base}/jobs/${job.job_id}/retry`)
    expect(await oldClient(base, 'wait_for_job', { job_id: job.job_id })).toMatchObject({
      status: 'completed',
    })
    // In the list too, also for jobs that others submitted in native words.
    await service.call('POST /processors/count/jobs', { form: { files: [['x.txt', 'x']] } })
    expect(await oldClient(base, 'list_jobs')).toEqual(expect.any(Array))
  })

  it('[Y.3.6 A.2 POST /jobs] submits a manifest, inline or stored, and hears queued or processing', async () => {
    const { started } = await upload(base, [makeFile('a.txt', 'abc')])
    const uri = `s3://${bucket()}/${started.files[0]?.s3_key}`
    const inline = await oldClient(base, 'submit_job', { manifest_inline: { files: [uri, uri] } })
    expect(inline.job_id).toMatch(/^[0-9a-f-]{36}$/)
    expect(await oldClient(base, 'wait_for_job', { job_id: inline.job_id })).toMatchObject({
      result: { metrics: { inputs_processed: 2, bytes: 6 } },
    })
    const manifest = await upload(base, [
      makeFile('manifest.txt', JSON.stringify({ files: [uri] })),
    ])
    const manifest_uri = `s3://${bucket()}/${manifest.started.files[0]?.s3_key}`
    const stored = await oldClient(base, 'submit_job', { manifest_uri })
    expect(await oldClient(base, 'wait_for_job', { job_id: stored.job_id })).toMatchObject({
      result: { metrics: { inputs_processed: 1, bytes: 3 } },
    })
  })

  it('[Y.3.7 A.8.5] reads every error as an object with detail: text, or a list for a 422', async () => {
    const unknown = '00000000-0000-4000-8000-000000000000'
    expect(await oldClient(base, 'get_job', { job_id: unknown })).toEqual({
      raised: 'JobNotFoundError',
      text: `Job ${unknown} not found`,
    })
    const refusals: [string, object, RegExp][] = [
      ['start_ingest', { files: [] }, /^422 .*too_short/],
      ['start_ingest', { files: [{ filename: 'a', size_bytes: 0 }] }, /^422 .*greater_than/],
      ['submit_job', {}, /^400 /],
      ['submit_job', { manifest_uri: 's3://b/k', manifest_inline: { files: ['x'] } }, /^400 /],
      ['submit_job', { manifest_inline: { files: [] } }, /^422 .*too_short/],
      ['submit_job', { manifest_inline: {} }, /^422 .*missing/],
      ['submit_job', { manifest_inline: { bins: [{}] } }, /^422 .*missing/],
    ]
    for (const [command, args, text] of refusals)
      expect([command, await oldClient(base, command, args)]).toEqual([
        command,
        { raised: 'APIError', text: expect.stringMatching(text) },
      ])
    const ids = { job_id: unknown, file_id: unknown, upload_id: unknown, parts: [] }
    expect((await oldClient(base, 'complete_ingest', ids)).raised).toMatch(
      /APIError|JobNotFoundError/,
    )
  })

  it('[Y.3.8 A.2 GET /jobs?limit=] gets a bare array, newest first, capped at 100', async () => {
    const jobs = await oldClient(base, 'list_jobs', { limit: 2 })
    expect(jobs).toHaveLength(2)
    const all = z
      .array(z.object({ created_at: z.iso.datetime() }))
      .parse(await oldClient(base, 'list_jobs', { limit: 1000 }))
    const times = all.map(({ created_at }) => created_at)
    expect(times).toEqual([...times].sort().reverse())
  })

  it('[Y.3.9 A.2 GET /jobs/{job_id}] hears why a job failed, and keeps the progress it had', async () => {
    const { job } = await upload(base, [
      orders({ fail: 'bad bytes in the third row', say: 'reading' }),
    ])
    expect(await oldClient(base, 'wait_for_job', { job_id: job.job_id })).toEqual({
      raised: 'JobFailedError',
      text: expect.stringContaining('bad bytes in the third row') as string,
    })
    const failed = await oldClient(base, 'get_job', { job_id: job.job_id })
    expect(failed).toMatchObject({
      status: 'failed',
      result: null,
      progress: { stage: 'counting', message: 'reading', said: 'reading' },
    })
    const silent = await upload(base, [orders({ fail: '' })])
    const answer = await oldClient(base, 'wait_for_job', { job_id: silent.job.job_id })
    expect(answer.raised).toBe('JobFailedError')
    expect(answer.text).not.toBe('Unknown error')
  })

  it.each([
    ['no s3:// URI', ['x'], 'Invalid S3 URI: x'],
    ['no key', ['s3://BUCKET'], 'Invalid S3 URI format: s3://BUCKET'],
    ['another bucket', ['s3://other/key'], 'Bucket other does not match configured bucket BUCKET'],
    ['a missing object', ['s3://BUCKET/datasets/nothing'], 'nothing'],
  ])(
    '[Y.3.9 Y.2.20 B.8.5] a manifest with %s is accepted, and its job fails',
    async (_what, uris, said) => {
      const [files, text] = [uris, [said]].map((all) =>
        all.map((one) => one.replace('BUCKET', bucket())),
      )
      const { job_id } = await oldClient(base, 'submit_job', { manifest_inline: { files } })
      const answer = await oldClient(base, 'wait_for_job', { job_id })
      expect(answer).toEqual({
        raised: 'JobFailedError',
        text: expect.stringContaining(String(text)) as string,
      })
    },
  )

  it('[Y.3.10 A.7] finds results at s3://<bucket>/results/<job_id>/, described as before', async () => {
    const { job } = await upload(base, [makeFile('a.txt', 'abc')])
    const { result } = await oldClient(base, 'wait_for_job', { job_id: job.job_id })
    expect(result.outputs).toMatchObject([
      {
        name: 'responses',
        type: 'tabular',
        format: 'jsonl',
        uris: [`s3://${bucket()}/results/${job.job_id}/responses_00000.jsonl`],
        shards: [],
      },
    ])
  })
})

describe('an upload in the old way', () => {
  const start = async (names: string[], size = 10) =>
    service.call('POST /ingest/start', {
      json: { files: names.map((filename) => ({ filename, size_bytes: size })) },
    })

  it.each([['../../x'], ['/abs'], ['..'], [''], [' '], ['a\u0000b'], ['x'.repeat(5000)], ['a\nb']])(
    '[A.8.6 Y.2.17] refuses the name %j',
    async (name) => {
      const { status, json } = await start([name])
      expect([status, json.code]).toEqual([400, 'invalid-file-name'])
    },
  )

  it('keeps a folder in a name', async () => {
    const { json } = await start(['run 1/a.adc'])
    expect(json.files[0].s3_key).toBe(`datasets/${json.job_id}/run 1/a.adc`)
  })

  it('[Y.2.18] refuses two files of one name', async () => {
    const { status, json } = await start(['a.txt', 'a.txt'])
    expect([status, json.code]).toEqual([400, 'duplicate-file-name'])
  })

  it('[Y.2.16] takes sizes as older clients write them', async () => {
    for (const size_bytes of ['12', '12.0', ' 12 ', '1_000', 12.0, true])
      expect(
        (
          await service.call('POST /ingest/start', {
            json: { files: [{ filename: 'a', size_bytes }] },
          })
        ).status,
      ).toBe(200)
  })

  it('[A.8.8 Y.2.19] names the parts that are missing or short, and goes on', async () => {
    const size = (10 << 20) + 7
    const { json } = await start(['big.bin'], size)
    const [file] = json.files
    const put = async (number: number, bytes: number) => {
      const response = await fetch(String(file.part_urls[number - 1].url), {
        method: 'PUT',
        body: new Uint8Array(bytes),
      })
      // A store may refuse a part that is too short; the local one leaves that to the completion.
      return { PartNumber: number, ETag: response.headers.get('etag') ?? '"none"' }
    }
    const complete = (parts: object[]) =>
      service.call('POST /ingest/complete', {
        json: { job_id: json.job_id, file_id: file.file_id, upload_id: file.upload_id, parts },
      })
    const first = await put(1, 5 << 20)
    const short = await put(2, 100)
    const missing = await complete([first, short])
    expect([missing.status, missing.json.code]).toEqual([400, 'upload-incomplete'])
    expect(missing.json.detail).toMatch(/2/)
    expect(missing.json.detail).toMatch(/3/)
    expect((await service.call(`GET /jobs/${json.job_id}`)).status).toBe(404)

    const parts = [first, await put(2, 5 << 20), await put(3, 7)]
    expect((await complete(parts)).status).toBe(200)
    expect((await complete(parts)).status).toBe(200)
    const fewer = await complete(parts.slice(0, 2))
    expect([fewer.status, fewer.json.code]).toEqual([409, 'upload-complete'])
    expect((await service.ended(String(json.job_id))).result).toMatchObject({
      metrics: { bytes: size },
    })
  })

  it('is nobody else’s to complete', async () => {
    const { json } = await start(['a.txt'])
    const [file] = json.files
    const other = await service.call('POST /ingest/complete', {
      json: { job_id: json.job_id, file_id: file.file_id, upload_id: 'another', parts: [] },
    })
    expect([other.status, other.json.code]).toEqual([400, 'upload-mismatch'])
  })
})

describe('many jobs', () => {
  // A job is some twenty requests to the store, and the one that CI has is written in Python.
  const many = inject('cluster') ? 40 : 150
  it(`[A.8.2 Y.1.6 Y.1.7] ${many} run in the order they were submitted, never more than 3 at once`, async () => {
    const { started } = await upload('', [makeFile('a.txt', 'abc')])
    const uri = `s3://${bucket()}/${started.files[0]?.s3_key}`
    const ids: string[] = []
    for (let n = 0; n < many; n++) {
      const { json } = await service.call('POST /jobs', {
        json: { manifest_inline: { files: [uri] } },
      })
      ids.push(String(json.job_id))
    }
    const ended: string[] = []
    for (const id of ids) {
      const job = await service.ended(id)
      expect(job).toMatchObject({ status: 'completed', attempt: 1 })
      ended.push(String(job.started_at))
    }
    expect(ended).toEqual([...ended].sort())

    const moments: { at: number; change: number }[] = []
    for (const id of ids)
      for (const { type, at } of await service.app.services.engine.read(id, 0, 100)) {
        if (type === 'started') moments.push({ at, change: 1 })
        if (type === 'completed') moments.push({ at, change: -1 })
      }
    expect(moments).toHaveLength(2 * many)
    // An end and a start in one millisecond: the end made room for the start.
    moments.sort((a, b) => a.at - b.at || a.change - b.change)
    let running = 0
    for (const { change } of moments) {
      running += change
      expect(running).toBeLessThanOrEqual(3)
    }
  })

  it('[A.8.3 Y.2.14] three at once never see each other’s progress', async () => {
    const flags = [flagFile(), flagFile(), flagFile()]
    const jobs = await Promise.all(
      flags.map(async (wait_for, index) => {
        const { job } = await upload('', [orders({ wait_for, say: `job ${index}` })])
        return String(job.job_id)
      }),
    )
    const seen = jobs.map(() => new Set<string>())
    await until('progress of all three', async () => {
      for (const [index, id] of jobs.entries()) {
        const { json } = await service.call(`GET /jobs/${id}`)
        const { stage, message, said } = (json.progress ?? {}) as Record<string, string>
        if (stage === 'counting') for (const text of [message, said]) seen[index]?.add(String(text))
      }
      return seen.every((texts) => texts.size > 0)
    })
    // One ends first and must not take the others' progress with it.
    writeFileSync(flags[1] ?? '', '')
    await service.ended(jobs[1] ?? '')
    const before = (await service.call(`GET /jobs/${jobs[0]}`)).json.progress.n as number
    await until(
      'progress to go on',
      async () => (await service.call(`GET /jobs/${jobs[0]}`)).json.progress.n > before,
    )
    for (const flag of flags) writeFileSync(flag, '')
    for (const id of jobs) await service.ended(id)
    expect(seen.map((texts) => [...texts])).toEqual([['job 0'], ['job 1'], ['job 2']])
  })
})
