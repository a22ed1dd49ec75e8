import { createClient } from '@longhaul/client'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createApp } from '../src/app/index.ts'
import { fixture, startHttpService, type HttpService } from './harness/http-service.ts'
import { until } from './harness/until.ts'

let service: HttpService
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-actions-'))
  service = await startHttpService({ actionSlots: 1, actionQueue: 1 }, [fixture('actions.ts')])
})
afterAll(async () => {
  await service.stop()
  await rm(folder, { recursive: true, force: true })
})

const post = (name: string, json: unknown = {}, headers: Record<string, string> = {}) =>
  service.call(`POST /processors/lab/actions/${name}`, { json, headers })
const at = (name: string): string => path.join(folder, name)

it('[B.2 any path/method declared by a DirectAction] answers at its path, below its processor, and by its name', async () => {
  for (const where of ['', '/processors/lab']) {
    const { status, json, headers } = await service.call(`GET ${where}/append/a%2Fb+c/7`)
    expect([status, json]).toEqual([200, { result: 'a/b+c7 warm' }])
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
  }
  const named = await service.call('GET /processors/lab/actions/append?first=a&second=7')
  expect(named.json).toEqual({ result: 'a7 warm' })
  const put = await service.call('PUT /tell/1', { json: { text: 'ab', times: 3 } })
  expect([put.status, put.json]).toEqual([200, { said: 'ababab' }])
  expect((await service.call('GET /tell/1')).status).toBe(405)
})

it('says what is wrong with a body before what is wrong with a path', async () => {
  const both = await service.call('POST /tell/x', { json: { text: 5 } })
  expect([both.status, both.json.code]).toEqual([422, 'invalid-request'])
  expect(both.json.detail[0]).toMatchObject({ loc: ['body', 'text'], type: 'string_type' })
  const inPath = await service.call('POST /tell/x', { json: { text: 'a' } })
  expect([inPath.status, inPath.json.error]).toEqual([400, 'Validation error'])
  expect(inPath.json.detail).toContain('path.what')
  for (const body of ['', 'null'])
    expect(
      (
        await service.call('POST /tell/1', {
          body,
          headers: { 'content-type': 'application/json' },
        })
      ).json.detail[0],
    ).toMatchObject({ type: 'missing', loc: ['body'] })
  const list = await service.call('POST /tell/1', { json: [] })
  expect(list.json.detail[0]).toMatchObject({ type: 'model_attributes_type' })
})

it('hands on what the author threw by the status he chose, and a bug as a bug', async () => {
  expect((await post('refuse', { text: 'entry' })).json).toMatchObject({
    status: 409,
    detail: 'no entry',
  })
  expect((await post('refuse', { text: 'throw' })).json).toMatchObject({
    status: 500,
    code: 'action-failed',
  })
  expect((await service.call('POST /tell/1', { json: { text: 'wrong' } })).json).toMatchObject({
    status: 500,
    code: 'action-failed',
  })
  expect((await post('refuse', { text: 'exit' })).json).toMatchObject({ code: 'action-failed' })
  expect((await post('plain')).status).toBe(200) // on a new process
})

it('answers bytes with their type, and never as a page of the service', async () => {
  const plain = await fetch(`${service.url}/processors/lab/actions/plain`, { method: 'POST' })
  expect(plain.headers.get('content-type')).toBe('application/octet-stream')
  expect(new Uint8Array(await plain.arrayBuffer())).toEqual(new Uint8Array([1, 2, 3]))
  const rendered = await post('rendered')
  expect([rendered.status, rendered.text]).toEqual([201, '<svg/>'])
  expect(Object.fromEntries(rendered.headers)).toMatchObject({
    'content-type': 'image/svg+xml',
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'x-made': 'here',
    'cache-control': 'no-store',
  })
})

it('streams as it comes, breaks off where the action does, and the process serves on', async () => {
  const whole = await post('lines', { count: 3000 })
  expect(whole.headers.get('content-type')).toBe('text/csv')
  expect(whole.text.split('\n')).toHaveLength(3001)
  await expect(post('lines', { count: 3000, fails_at: 2000 })).rejects.toThrow()
  const left = await fetch(`${service.url}/processors/lab/actions/lines`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ count: 1_000_000 }),
  })
  await left.body?.cancel()
  expect((await post('lines', { count: 2 })).text.split('\n')[1]).toMatch(/^1,x{1000}$/)
})

it('asks a cache to come again, and says when it has what there is', async () => {
  const first = await service.call('GET /append/a/1')
  expect(first.headers.get('cache-control')).toBe('private, max-age=60')
  const etag = String(first.headers.get('etag'))
  const again = await service.call('GET /append/a/1', { headers: { 'if-none-match': etag } })
  expect([again.status, again.text]).toEqual([304, ''])
})

it('reads files from forms, uploads and the store, and no more than it may', async () => {
  const form = {
    files: [
      ['a.txt', 'abc'],
      ['b.txt', 'de'],
    ] as [string, string][],
    note: 'hi',
  }
  const measured = await service.call('POST /processors/lab/actions/measure', { form })
  const sha256 = createHash('sha256').update('abc').digest('hex')
  expect(measured.json).toMatchObject({
    note: 'hi',
    files: [
      { name: 'a.txt', length: 3, sha256 },
      { name: 'b.txt', length: 2 },
    ],
  })
  const { uri } = await stored('c.txt', 'abcd')
  const from = await post('measure', { files: [uri, { uri }] })
  expect(from.json.files).toMatchObject([{ name: 'c.txt', length: 4 }, { length: 4 }])
  for (const [files, status] of [
    [[`${uri}x`], 404],
    [['file:///etc/passwd'], 400],
    [['https://example.org/x'], 400],
    [[{ path: '/etc/passwd', sha256: '' }], 422],
    [[(await stored('d.txt', 'd'.repeat(64_001))).uri], 413],
  ] as const)
    expect([files, (await post('measure', { files })).status]).toEqual([files, status])
  const large = await service.call('POST /processors/lab/actions/measure', {
    form: { files: [['e.txt', 'e'.repeat(64_001)]] },
  })
  expect(large.status).toBe(413)
  expect((await post('measure', { files: [], note: 'x'.repeat(65_000) })).status).toBe(413)
  const leftOver = await readdir(path.join(service.folder, 'data/actions')).catch(() => [])
  expect(leftOver).toEqual([])
})

it('is called by the client: with files, with parameters, as a job', async () => {
  const client = createClient({ url: service.url })
  const files = [new File(['abc'], 'a.txt')]
  const measured = await client.call('lab', 'measure', { files, note: 'hi' })
  expect(await measured.json()).toMatchObject({ note: 'hi', files: [{ name: 'a.txt', length: 3 }] })
  const appended = await client.call(
    'lab',
    'append',
    {},
    { method: 'GET', params: { first: 'a', second: 7 } },
  )
  expect([appended.mediaType, await appended.json()]).toEqual([
    'application/json; charset=utf-8',
    { result: 'a7 warm' },
  ])
  const { job } = await client.call('shout', 'shout', { text: 'hey' }, { respondAsync: true })
  expect((await client.waitForJob(String(job?.job_id))).result).toEqual({ loud: 'HEY' })
  const { actions } = await client.processor('lab')
  expect(actions.find(({ name }) => name === 'append')).toMatchObject({
    methods: ['GET'],
    path: '/append/{first}/{second}',
    url: '/processors/lab/actions/append',
  })
  await expect(client.call('lab', 'refuse', { text: 'x' })).rejects.toMatchObject({ status: 409 })
})

async function stored(filename: string, text: string) {
  const { json } = await service.call('POST /uploads', {
    json: { filename, size_bytes: Buffer.byteLength(text) },
  })
  await fetch(String(json.part_urls[0].url), { method: 'PUT', body: text })
  return (await service.call(`POST /uploads/${json.upload_id}/complete`)).json as { uri: string }
}

it('[B.8.13] refuses at once when as many wait as may, and limits time and rate', async () => {
  const held = post('hold', { began: at('began'), until: at('until') })
  await until('the call', () => existsSync(at('began')) || undefined)
  const waits = post('plain')
  const lab = service.app.services.runners.get('lab')
  await until('the one that may wait', () => lab?.actions?.load().waiting === 1 || undefined)
  const busy = await post('plain')
  expect([busy.status, busy.json.code]).toEqual([503, 'action-busy'])
  expect(Number(busy.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await service.call('GET /health')).status).toBe(200)
  writeFileSync(at('until'), '')
  expect([(await held).json, (await waits).status]).toEqual(['held', 200])

  const late = await post('late')
  expect([late.status, late.json.code]).toEqual([504, 'action-timeout'])
  const statuses = []
  for (let n = 0; n < 3; n++) statuses.push((await post('seldom')).status)
  expect(statuses).toEqual([200, 200, 429])
})

it('ends the work of a caller who has gone, whether it heeds that or not', async () => {
  for (const stubborn of [false, true]) {
    const [began, end] = [at(`began-${stubborn}`), at(`until-${stubborn}`)]
    const gone = new AbortController()
    const call = fetch(`${service.url}/processors/lab/actions/hold`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ began, until: end, stubborn }),
      signal: gone.signal,
    })
    await until('the call', () => existsSync(began) || undefined)
    gone.abort()
    await expect(call).rejects.toThrow()
    if (!stubborn) await until('the end', () => existsSync(end) || undefined)
    expect((await post('plain')).status).toBe(200)
    if (!stubborn) expect(readFileSync(end, 'utf8')).toBe('aborted')
  }
})

it('makes a job where the action allows it and the caller prefers it', async () => {
  const prefer = { prefer: 'respond-async', 'idempotency-key': 'once' }
  const call = () => service.call('POST /shout', { json: { text: 'hey' }, headers: prefer })
  const first = await call()
  expect(first.status).toBe(202)
  expect(first.headers.get('preference-applied')).toBe('respond-async')
  const job = await service.ended(String(first.json.job_id))
  expect(job.result).toEqual({ loud: 'HEY' })
  expect((await call()).json.job_id).toBe(job.job_id)
  expect((await service.call('POST /shout', { json: { text: 'hey' } })).json).toEqual({
    loud: 'HEY',
  })
  // Not of this one: a preference is no order.
  expect((await post('plain', {}, prefer)).status).toBe(200)
})

it('takes no jobs for a service that has only actions', async () => {
  const { status, json } = await service.call('POST /processors/lab/jobs', { json: { input: {} } })
  expect([status, json.code]).toEqual([404, 'not-found'])
})

it('describes every path with its own schemas', async () => {
  const { json } = await service.call('GET /openapi.json')
  const append = json.paths['/append/{first}/{second}'].get
  expect(append.parameters).toMatchObject([
    { name: 'first', in: 'path', required: true },
    { name: 'second', in: 'path', schema: { type: 'integer' } },
  ])
  expect(append.responses[200].content['application/json'].schema.properties).toHaveProperty(
    'result',
  )
  expect(json.paths['/processors/lab/actions/measure'].post.requestBody.content).toHaveProperty(
    'multipart/form-data',
  )
  expect(json.paths['/processors/lab/jobs']).toBeUndefined()
  expect(json.paths['/processors/shout/jobs']).toBeDefined()
  expect(json.components.schemas['lab.tell.input'].required).toEqual(['text'])
})

it('does not start where a path collides, and says with what', async () => {
  const app = createApp({
    sources: [{ kind: 'file', path: fixture('colliding-actions.ts') }],
    config: { dataDir: path.join(folder, 'colliding'), logLevel: 'silent' },
  })
  await expect(app).rejects.toThrow(
    /core cannot be served at \/processors\/:name: \/processors\/:processor is a route of the service.*two cannot be served at \/one\/:x/,
  )
})

it('has no routes of jobs where everything answers at once', async () => {
  const app = await createApp({
    sources: [{ kind: 'file', path: fixture('actions.ts') }],
    config: { dataDir: path.join(folder, 'off'), logLevel: 'silent', asyncJobs: false },
  })
  try {
    for (const url of ['/jobs', '/ingest/start', '/batches', '/processors/shout/run'])
      expect([url, (await app.inject({ method: 'POST', url, payload: {} })).statusCode]).toEqual([
        url,
        404,
      ])
    expect((await app.inject({ method: 'GET', url: '/jobs/x' })).statusCode).toBe(404)
    const shout = await app.inject({
      method: 'POST',
      url: '/shout',
      payload: { text: 'a' },
      headers: { prefer: 'respond-async' },
    })
    expect([shout.statusCode, shout.json()]).toEqual([200, { loud: 'A' }])
  } finally {
    await app.stop()
  }
})
