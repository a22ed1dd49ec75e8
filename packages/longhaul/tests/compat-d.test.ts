import { callableJobList, callableList, callableSubmitted } from '@longhaul/protocol'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callablesConfig, callsOf, taskSources } from './harness/callables.ts'
import { fixture, startHttpService, type HttpService } from './harness/http-service.ts'
import { until } from './harness/until.ts'

// System D: a client calls what the operator lists, and reads what came of it over HTTP or from files.

let folder: string
let runsDir: string
let service: HttpService
let calls: ReturnType<typeof callsOf>
const extra = {
  later: 'scripts:later',
  made: './scripts.ts:Analysis',
  'run-made': 'scripts:RunAnalysis',
  calculator: 'scripts:calculator',
  fails: 'scripts:fails',
  circular: 'example_callables:circular',
  blocking: 'example_callables:blocking',
  'long-result': 'example_callables:long_result',
  missing: 'no_such_module:main',
  unnamed: 'example_callables:no_such_name',
  'not-callable': 'example_callables:not_callable',
  raising: 'raises_on_import:main',
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-d-'))
  runsDir = path.join(folder, '.quant_runs')
  // Of an older service: nobody's job, and nobody's to touch.
  await mkdir(path.join(runsDir, 'of-before'), { recursive: true })
  await writeFile(path.join(runsDir, 'of-before', 'status.json'), '{"status": "running"')
  const entrypoint = 'example_callables:simple_example'
  const config = callablesConfig(folder, { listed: extra, entrypoint })
  service = await startHttpService(config, [
    fixture('compat-processor.ts'),
    ...(await taskSources()),
  ])
  calls = callsOf(service, runsDir)
})
afterAll(async () => {
  await service.stop()
  await rm(folder, { recursive: true, force: true })
})

const post = (json: unknown, where = '/jobs') => service.call(`POST ${where}`, { json })

describe('a client of system D', () => {
  it('[D.2 GET /] finds what the service calls, and no path of its machine', async () => {
    const { json, text } = await service.call('GET /')
    expect(json.configuration).toMatchObject({
      MDPS_ENTRYPOINT: 'example_callables:simple_example',
      QUANT_RUNS_DIR: '.quant_runs',
    })
    expect(json).toMatchObject({ name: 'longhaul', processors: ['count'] })
    expect(text).not.toContain(folder)
  })

  it('[D.2 GET /health] sees that it is healthy, and how many jobs run', async () => {
    const { json } = await service.call('GET /health')
    expect(json).toMatchObject({ status: 'healthy', active_jobs: expect.any(Number) as number })
    expect(Date.parse(json.timestamp as string)).not.toBeNaN()
  })

  it('[D.2 POST /jobs D.8.9] calls what is set without a word, with null or an empty text', async () => {
    const bodies = [{}, { parameters: null, entrypoint: null }, { entrypoint: '', parameters: {} }]
    for (const body of bodies) {
      const { status, json, headers } = await post(body)
      expect([status, headers.get('location')]).toEqual([201, `/jobs/${json.job_id}`])
      expect(callableSubmitted.strict().parse(json)).toMatchObject({ status: 'pending' })
      expect(json.job_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/)
      expect(json.status_file).toBe(`.quant_runs/${json.job_id}/status.json`)
      const job = await calls.ended(json.job_id as string)
      expect(job.result).toEqual({ result: { symbol: 'AAPL', timeframe: '1d' } })
    }
  })

  it('[D.2 GET /jobs/{job_id} D.8.2 D.8.5] reads the same from HTTP and from the four files', async () => {
    const job = await calls.run('simple', { symbol: 'MSFT' })
    expect(job).toMatchObject({ status: 'completed', error: null })
    const { job_id: id } = job
    expect((await readdir(path.join(runsDir, id))).sort()).toEqual([
      'result.json',
      'status.json',
      'stderr.log',
      'stdout.log',
    ])
    expect(await calls.status(id)).toEqual(job)
    expect(JSON.parse(await calls.file(id, 'result.json'))).toEqual(job.result)
    expect(await calls.file(id, 'stdout.log')).toBe('analysing MSFT\n')
    expect(await calls.file(id, 'stderr.log')).toBe('quietly\n')
    const native = (await service.call(`GET /jobs/${id}?view=native`)).json
    expect(native).toMatchObject({ kind: 'callable', processor: 'simple', status: 'completed' })
  })

  it('reads why it failed: the error, and where it was raised', async () => {
    const job = await calls.run('failing', { b: 1, a: 2 })
    expect(job).toMatchObject({ status: 'failed', result: null })
    expect(job.error).toContain("ValueError: cannot analyse ['a', 'b']")
    expect(await calls.status(job.job_id)).toEqual(job)
    const errors = await calls.file(job.job_id, 'stderr.log')
    expect(errors).toContain('raise ValueError')
    expect(errors).toContain('Error: ')
    expect(await calls.file(job.job_id, 'stdout.log')).toBe('so far so good\n')
    expect(existsSync(path.join(runsDir, job.job_id, 'result.json'))).toBe(false)
    const wrong = await calls.run('simple', { no_such_parameter: 1 })
    expect(wrong.error).toContain('no_such_parameter')
    expect((await calls.run('fails')).error).toContain('out of range')
  })

  it('has no result where the callable returned none', async () => {
    const job = await calls.run('nothing', { a: 1 })
    expect(job).toMatchObject({ status: 'completed', result: null })
    expect(existsSync(path.join(runsDir, job.job_id, 'result.json'))).toBe(false)
  })

  it('[D.2 GET /jobs?status_filter=&limit=100 D.8.7 Y.1.12] lists in the envelope, and counts what the filter lets through', async () => {
    await calls.run('failing')
    const list = async (query: string) => {
      const { status, text } = await service.call(`GET /jobs?${query}`)
      expect([query, status, status === 200 ? '' : text]).toEqual([query, 200, ''])
      return callableJobList.parse(JSON.parse(text))
    }
    const failed = await list('status_filter=failed&kind=callable')
    expect(failed.jobs.length).toBeGreaterThan(0)
    expect(failed).toMatchObject({ count: failed.jobs.length, total: failed.jobs.length })
    expect(new Set(failed.jobs.map(({ status }) => status))).toEqual(new Set(['failed']))
    const all = await list('status_filter=')
    expect(await list('envelope=1')).toEqual(all)
    const created = all.jobs.map(({ created_at }) => created_at)
    expect(created).toEqual([...created].sort().reverse())
    expect(all.total).toBeGreaterThan(failed.total)
    const [, second] = all.jobs
    const page = await list('envelope=1&limit=1&offset=1')
    expect(page).toEqual({ jobs: [second], count: 1, total: all.total })
    // Clients of systems A and B, who say nothing of it, have their array.
    expect((await service.call('GET /jobs')).json).toBeInstanceOf(Array)
    for (const query of ['limit=0', 'limit=-1', 'limit=x', 'status_filter=odd'])
      expect([query, (await service.call(`GET /jobs?${query}`)).status]).toEqual([query, 422])
  })
})

it('calls functions, async functions, classes and objects, in Python and TypeScript', async () => {
  const symbol = 'X'
  const ran = async (name: string, parameters: object = { symbol }) => {
    const job = await calls.run(name, parameters)
    return (job.result as { result?: unknown } | null)?.result ?? job.error
  }
  expect(await ran('async')).toEqual({ symbol, async: true })
  expect(await ran('called-class')).toEqual({ analysed: symbol })
  expect(await ran('object')).toEqual({ awaited: symbol })
  expect(await ran('script')).toEqual({ symbol, set: [2, 1], none: null, nan: null })
  expect(await ran('later')).toMatchObject({ symbol, jobId: expect.any(String) as string })
  expect(await ran('made')).toEqual({ symbol })
  expect(await ran('run-made')).toEqual({ analysed: symbol })
  expect(await ran('calculator', { value: 4 })).toBe(8)
})

it('[D.8.3 Y.1.3] tells an instance as text, the same in memory and on disk, and lists it', async () => {
  const job = await calls.run('class', { symbol: 'X' })
  expect(job.result.result).toContain('Analysis object')
  expect(await calls.status(job.job_id)).toEqual(job)
  expect((await service.call('GET /jobs?envelope=1')).status).toBe(200)
})

it('[Y.1.4] writes valid JSON, whatever was returned', async () => {
  const job = await calls.run('odd')
  expect(job.result.result).toEqual({
    set: [1, 2],
    bytes: 'x',
    nan: null,
    thing: 'a thing',
    '1': 'one',
    "('a', 2)": 'pair',
  })
  expect(JSON.parse(await calls.file(job.job_id, 'result.json'))).toEqual(job.result)
  const circular = await calls.run('circular')
  expect(circular).toMatchObject({ status: 'failed', result: null })
  expect(circular.error).toContain('contains itself')
  expect(existsSync(path.join(runsDir, circular.job_id, 'result.json'))).toBe(false)
})

describe('[D.8.1] what the operator does not list', () => {
  const refused = async (entrypoint: unknown, body: object = {}) => {
    const { status, json } = await post({ parameters: { cmd: 'id' }, ...body, entrypoint })
    return [status, json.code as string]
  }

  it('is not loaded, whatever a request names', async () => {
    const hostile = [
      'subprocess:getoutput',
      'os:system',
      'builtins:eval',
      'example_callables:sys',
      './scripts.ts:simple',
      'node:child_process:execSync',
      '../../../../etc/passwd:x',
      '/tmp/evil.py:main',
      'data:text/javascript,0:x',
      '__proto__:constructor',
    ]
    for (const entrypoint of hostile) {
      const [status, code] = await refused(entrypoint)
      expect([entrypoint, status]).toEqual([entrypoint, code === 'entrypoint-invalid' ? 400 : 403])
      expect(code).toMatch(/^entrypoint-(not-listed|invalid)$/)
    }
    expect(await refused('subprocess:getoutput')).toEqual([403, 'entrypoint-not-listed'])
    expect((await service.call('GET /health')).status).toBe(200)
  })

  it('[Y.2.25] is 400 where it is no module:callable', async () => {
    for (const text of ['run_mdps.main', 'run_mdps:', ':main', 'a:b.c', 'a:b:c', 'a b:c', 'a:b c'])
      expect([text, ...(await refused(text))]).toEqual([text, 400, 'entrypoint-invalid'])
    for (const wrong of [7, ['a:b'], { a: 1 }]) expect((await refused(wrong))[0]).toBe(422)
  })

  it('[D.8.8 Y.2.25] is 400 with what its import said where it is listed and cannot be loaded', async () => {
    for (const [name, said] of [
      ['missing', 'no_such_module'],
      ['unnamed', 'no_such_name'],
      ['not-callable', 'no callable'],
      ['raising', 'it broke while it was imported'],
    ] as const) {
      const { status, json } = await post({ entrypoint: extra[name] })
      expect([name, status, json.code]).toEqual([name, 400, 'entrypoint-broken'])
      expect(json.detail).toContain(said)
      expect(json.detail).not.toContain(folder)
    }
    const { callables } = callableList.parse((await service.call('GET /callables')).json)
    const states = new Map(callables.map(({ name, state }) => [name, state]))
    expect([states.get('simple'), states.get('raising')]).toEqual(['ready', 'broken'])
  })

  it('cannot be smuggled in beside another kind of job', async () => {
    const entrypoint = 'simple'
    for (const other of [
      { manifest_inline: { files: ['s3://b/k'] } },
      { input: {} },
      { processor: 'count' },
      { job_type: 'convert' },
    ])
      expect((await refused(entrypoint, other)).join(' ')).toBe('400 ambiguous-job')
    // With a manifest alone it is system A's, as ever.
    const { status } = await post({ manifest_inline: { files: ['s3://b/k'] } })
    expect(status).toBe(200)
  })
})

it('refuses parameters that nobody could take', async () => {
  for (const parameters of [[1], 'text', 7, true])
    expect([parameters, (await post({ parameters })).status]).toEqual([parameters, 422])
  let deep: object = {}
  for (let n = 0; n < 300; n++) deep = { deep }
  expect((await post({ parameters: { deep } })).status).toBe(422)
  const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, n) => [`p${n}`, n]))
  expect((await post({ parameters: many })).status).toBe(400)
  for (const body of ['', 'null', '[]', '{"parameters":', '{"parameters":{"a":NaN}}']) {
    const headers = { 'content-type': 'application/json' }
    expect([body, (await service.call('POST /jobs', { body, headers })).status]).toEqual([
      body,
      422,
    ])
  }
  const names = { __proto__: { polluted: 1 }, constructor: 1, 'not a name': 2, self: 3 }
  const job = await calls.run('nothing', names)
  expect(job.status).toBe('completed')
})

it('[D.8.6] finds a job by its id, and nothing by a path', async () => {
  const paths = [
    '..',
    '%2e%2e',
    '..%2fdata',
    '..%2f..%2fetc%2fpasswd',
    'of-before',
    'a'.repeat(200),
  ]
  for (const id of paths) {
    // Not by fetch, which would resolve dots by itself.
    const [answer] = (await once(get(service.url, { path: `/jobs/${id}` }), 'response')) as [
      IncomingMessage,
    ]
    answer.resume()
    expect([id, answer.statusCode]).toEqual([id, 404])
  }
})

it('runs a task by its name with POST /run/{task}, and says which there are', async () => {
  for (const body of [{ params: { symbol: 'T' } }, { parameters: { symbol: 'T' } }]) {
    const { status, json } = await post(body, '/run/simple')
    expect(status).toBe(201)
    const job = await calls.ended(callableSubmitted.parse(json).job_id)
    expect(job.result.result.symbol).toBe('T')
  }
  const bare = await service.call('POST /run/simple')
  expect(bare.status).toBe(201)
  expect((await post({}, '/run')).status).toBe(201)
  const unknown = await post({}, '/run/example_callables:simple_example')
  expect([unknown.status, unknown.json.code]).toEqual([404, 'task-not-found'])
  expect((await post({}, '/run/raising')).status).toBe(400)
  expect((await post({ params: {}, parameters: {} }, '/run/simple')).status).toBe(400)
})

it('[D.8.9] takes what every job takes: a key, a time limit, a cancel', async () => {
  const call = { parameters: { symbol: 'K' }, idempotency_key: 'once' }
  const [first, again] = [await post(call), await post(call)]
  expect([first.status, again.status]).toEqual([201, 200])
  expect(again.json.job_id).toBe(first.json.job_id)
  expect((await post({ ...call, parameters: {} })).status).toBe(409)
  const parameters = { until: path.join(folder, 'never') }
  const slow = { entrypoint: 'long', parameters, timeout_seconds: 0.5 }
  const late = await calls.ended(await calls.submit(slow))
  expect(late.status).toBe('failed')
  const id = await calls.submit({ entrypoint: 'long', parameters })
  await service.call(`POST /jobs/${id}/cancel`)
  const cancelled = await calls.ended(id)
  expect(cancelled).toMatchObject({ status: 'failed', error: 'cancelled' })
  expect(await calls.status(id)).toEqual(cancelled)
  // What is deleted is gone from both.
  expect((await service.call(`DELETE /jobs/${id}`)).status).toBe(204)
  expect(existsSync(path.join(runsDir, id))).toBe(false)
})

it('[D.8.3] answers while an async callable blocks its own interpreter', async () => {
  const id = await calls.submit({ entrypoint: 'example_callables:blocking' })
  await until('it to run', async () => (await calls.status(id)).status !== 'pending')
  expect((await service.call('GET /health')).status).toBe(200)
  expect((await calls.run('simple')).status).toBe('completed')
  expect((await calls.ended(id)).result).toEqual({ result: 'blocked' })
})

it('leaves folders alone that are none of its jobs', async () => {
  expect(await readdir(path.join(runsDir, 'of-before'))).toEqual(['status.json'])
})
