import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startHttpService, type Answer, type HttpService } from './harness/http-service.ts'

let service: HttpService
beforeAll(async () => {
  service = await startHttpService()
})
afterAll(() => service?.stop())
beforeEach(() => {
  service.logged.length = 0
})

/** Bytes as no HTTP library would send them; answers the status line and all that follows. */
async function send(...chunks: readonly string[]): Promise<string> {
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  socket.on('error', () => undefined)
  const closed = new Promise((resolve) => socket.on('close', resolve))
  for (const chunk of chunks) socket.write(chunk)
  await closed
  return text
}
const boundary = 'XbX'
const form = (
  body: string,
  { path = '/processors/shout/jobs', type = `multipart/form-data; boundary=${boundary}` } = {},
) =>
  send(
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: ${type}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
const part = (disposition: string, body = 'hi') =>
  `--${boundary}\r\nContent-Disposition: ${disposition}\r\n\r\n${body}\r\n`
const post = (path: string, body: string): Promise<Answer> =>
  service.call(`POST ${path}`, { body, headers: { 'content-type': 'application/json' } })

/** Nothing of what a client can say is a bug of ours. */
const expectNoBug = () =>
  expect(service.logged.filter(({ level, msg }) => level === 50 && msg === 'unexpected')).toEqual(
    [],
  )

describe('paths', () => {
  it.each([
    '/jobs/%2e%2e%2fsecret',
    '/jobs/%00',
    '/jobs/%ff',
    '/jobs/%E0%A4%A',
    '/jobs/__proto__',
    '/jobs/constructor/logs',
    `/jobs/${'a'.repeat(5000)}`,
    '/jobs/x/outputs/%2e%2e%2f%2e%2e%2fsecret',
    '/jobs?cursor=%00',
    '/jobs?limit=1e999',
    '/jobs?offset=99999999999999999999',
    `/jobs?status=${'a,'.repeat(5000)}`,
    '/processors/__proto__',
    '/processors/constructor/health',
    '/uploads/__proto__',
    '/docs/static/..%2f..%2fpackage.json',
    '//jobs',
    '/%00',
  ])('%s is refused by name', async (path) => {
    const answer = await service.call(`GET ${path.startsWith('//') ? '/.' : ''}${path}`)
    expect([400, 404, 422]).toContain(answer.status)
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(answer.text.length).toBeLessThan(60_000)
    expectNoBug()
  })
})

describe('forms', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'a field called %s is refused',
    async (name) => {
      expect(await form(`${part(`form-data; name="${name}"`)}--${boundary}--\r\n`)).toMatch(
        /^HTTP\/1\.1 400 /,
      )
      const file = part(`form-data; name="${name}"; filename="a"`)
      expect(await form(`${file}--${boundary}--\r\n`)).toMatch(/^HTTP\/1\.1 400 /)
      expectNoBug()
    },
  )

  it.each([
    ['no boundary', '', 'multipart/form-data'],
    ['a boundary too long', `--${boundary}`, `multipart/form-data; boundary=${'b'.repeat(5000)}`],
    ['nothing in it', '', undefined],
    ['text that is no form', 'hello', undefined],
    ['no end', part('form-data; name="text"'), undefined],
    ['another boundary', `--other\r\n\r\nhi\r\n--other--\r\n`, undefined],
    ['headers that are none', `--${boundary}\r\n\x00: :::\r\n\r\nhi\r\n--${boundary}--`, undefined],
    [
      'JSON that is none',
      part('form-data; name="text"\r\nContent-Type: application/json', '{'),
      undefined,
    ],
  ])('with %s is a form that cannot be read', async (_what, body, type) => {
    expect(await form(body, type === undefined ? {} : { type })).toMatch(/^HTTP\/1\.1 422 /)
    expectNoBug()
  })

  it('that ends within a file leaves nothing in the store', async () => {
    const half = `--${boundary}\r\nContent-Disposition: form-data; name="source"; filename="a"\r\n\r\nhi`
    expect(await form(half, { path: '/processors/head/jobs' })).toMatch(/^HTTP\/1\.1 422 /)
    const { objects } = await service.app.services.storage.list('', { limit: 10 })
    expect(objects.filter(({ key }) => key.includes('/source/'))).toEqual([])
    expectNoBug()
  })

  it('with more fields than anybody has is refused', async () => {
    const many = Array.from({ length: 1500 }, (_, n) => part(`form-data; name="f${n}"`)).join('')
    expect(await form(`${many}--${boundary}--\r\n`)).toMatch(/^HTTP\/1\.1 413 /)
  })
})

describe('JSON', () => {
  it.each([
    [
      'a manifest of numbers',
      '/processors/gather/jobs',
      `{"manifest_inline":{"files":[${'1,'.repeat(2e6)}1]}}`,
    ],
    [
      'wrong items within the limit',
      '/processors/gather/jobs',
      `{"manifest_inline":{"files":[${'1,'.repeat(9e4)}1]}}`,
    ],
    [
      'jobs to depend on',
      '/processors/shout/jobs',
      `{"input":{},"depends_on":[${'1,'.repeat(2e6)}1]}`,
    ],
    ['files to start', '/processors/gather/ingest/start', `{"files":[${'{},'.repeat(1e6)}{}]}`],
    [
      'parts to complete',
      '/ingest/complete',
      `{"job_id":"a","file_id":"b","upload_id":"c","parts":[${'{},'.repeat(1e6)}{}]}`,
    ],
    ['parts of an upload', '/uploads/x/complete', `{"parts":[${'{},'.repeat(1e6)}{}]}`],
  ])('with millions of %s costs no more than a few findings', async (_what, path, body) => {
    const answer = await post(path, body)
    expect(answer.status).toBe(422)
    expect(answer.text.length).toBeLessThan(20_000)
    expectNoBug()
  })

  it('announces no more part URLs than an answer can hold', async () => {
    const files = Array.from({ length: 300 }, (_, n) => ({ filename: `f${n}`, size_bytes: 9e10 }))
    const answer = await post('/processors/gather/ingest/start', JSON.stringify({ files }))
    expect(answer.status).toBe(413)
    expect(answer.json).toMatchObject({ code: 'upload-too-large' })
  })

  it.each([
    ['is nested without end', '['.repeat(1e6)],
    ['is nested deeply', `{"input":{"text":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`],
    [
      'is nested deeper than others can read',
      `{"input":{"text":${'['.repeat(1000)}${']'.repeat(1000)}}}`,
    ],
    ['has a number that is none', '{"input":{"text":"x","times":1e999}}'],
    ['is a null', 'null'],
    ['is a list', '[]'],
    ['is in bytes of no text', '\ud800'],
  ])('that %s is refused', async (_what, body) => {
    expect((await post('/processors/shout/jobs', body)).status).toBe(422)
    expectNoBug()
  })

  it('with more fields than any processor has is refused', async () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`f${n}`, n]))
    const answer = await post('/processors/shout/jobs', JSON.stringify({ input: many }))
    expect(answer.status).toBe(400)
  })

  it('cannot change what objects are', async () => {
    const body = '{"input":{"text":"x","__proto__":{"polluted":1}},"__proto__":{"polluted":1}}'
    expect((await post('/processors/shout/jobs', body)).status).toBe(201)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('connections', () => {
  const get = (line: string, headers: string) => send(`${line}\r\n${headers}\r\n\r\n`)

  it('with too large a header, or too many, are refused', async () => {
    const long = `Host: 127.0.0.1\r\nX-A: ${'a'.repeat(1e5)}`
    expect(await get('GET /jobs HTTP/1.1', long)).toMatch(/^HTTP\/1\.1 431 /)
    const many = Array.from({ length: 5000 }, (_, n) => `a${n}: 1`).join('\r\n')
    expect(await get('GET /jobs HTTP/1.1', `Host: 127.0.0.1\r\n${many}`)).toMatch(
      /^HTTP\/1\.1 431 /,
    )
  })

  it('that say two lengths, no host, or no HTTP are refused', async () => {
    const two = 'Host: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked'
    expect(await get('POST /jobs HTTP/1.1', two)).toMatch(/^HTTP\/1\.1 400 /)
    expect(await get('GET /jobs HTTP/1.1', 'Accept: */*')).toMatch(/^HTTP\/1\.1 400 /)
    expect(await send('\x16\x03\x01\x02\x00\x01\x00\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('that break within a body are no bug', async () => {
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
    socket.write(
      'POST /processors/shout/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    )
    await once(socket, 'connect')
    socket.resetAndDestroy()
    expect((await service.call('GET /health/live')).status).toBe(200)
    expectNoBug()
  })
})

describe('what belongs to others', () => {
  it('cannot be named by the id of an ingest that is no job yet', async () => {
    const { engine, uploads, storage, config } = service.app.services
    const { files } = await uploads.start({
      owner: 'somebody-else',
      jobId: 'an-ingest',
      processor: 'gather',
      files: [
        { filename: 'secret.txt', sizeBytes: 6 },
        { filename: 'b', sizeBytes: 1 },
      ],
      partBytes: 5 * 1024 * 1024,
      baseUrl: service.url,
    })
    const [file] = files
    if (file === undefined) throw new Error('no upload')
    await storage.putPart({ key: file.key, uploadId: file.storeUploadId }, 1, Buffer.from('secret'))
    await uploads.complete({
      owner: 'somebody-else',
      fileId: file.fileId,
      jobId: 'an-ingest',
      storeUploadId: file.storeUploadId,
      submit: () => Promise.reject(new Error('the other file is still to come')),
    })
    expect(await engine.get(['an-ingest'], 'everyone')).toEqual([])
    const uri = `s3://${storage.bucket}/${config.datasetsPrefix}/an-ingest/secret.txt`
    const answer = await post(
      '/processors/head/jobs',
      JSON.stringify({ input: { source: { uri } } }),
    )
    expect(answer.status).toBe(404)
  })

  it('cannot be named by the log or checkpoint of a job', async () => {
    const { engine, storage } = service.app.services
    await engine.submit([
      {
        id: 'j-of-another',
        queue: 'nobody',
        processor: 'nobody',
        version: '1',
        kind: 'processor',
        owner: 'somebody-else',
        params: { input: {} },
      },
    ])
    await storage.put('jobs/j-of-another/logs/1.log', Buffer.from('secret'))
    const uri = `s3://${storage.bucket}/jobs/j-of-another/logs/1.log`
    const answer = await post(
      '/processors/head/jobs',
      JSON.stringify({ input: { source: { uri } } }),
    )
    expect(answer.status).toBe(404)
  })
})
