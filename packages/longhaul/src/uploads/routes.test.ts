import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp, type App } from '../app/index.ts'

let folder: string
let app: App
let port: number
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-routes-'))
  app = await createApp({
    sources: [],
    config: { dataDir: folder, publicUrl: 'https://example.org' },
    log: pino({ level: 'silent' }),
  })
  port = Number(new URL(await app.listen({ port: 0 })).port)
})
afterAll(async () => {
  await app.stop()
  await rm(folder, { recursive: true })
})

const MiB = 1024 ** 2
const bytes = Buffer.alloc(16 * MiB + 5, 'longhaul')

interface Started {
  upload_id: string
  uri: string
  part_size_bytes: number
  part_urls: { part_number: number; url: string }[]
  links: { self: string; complete: string }
}

async function start(filename = 'a b.bin', size_bytes = bytes.length): Promise<Started> {
  const answer = await app.inject({
    method: 'POST',
    url: '/uploads',
    payload: { filename, size_bytes, content_type: 'image/x-test' },
  })
  expect(answer.statusCode).toBe(201)
  return answer.json()
}
/** The URL as a request of this server: the host is the public one, or another test's. */
const local = (url: string): string => {
  const { pathname, search } = new URL(url)
  return pathname + search
}
const partUrl = (upload: Started, n = 1): string => local(upload.part_urls[n - 1]?.url ?? '')
const put = (url: string, payload: Buffer | Readable, headers = {}) =>
  app.inject({ method: 'PUT', url, payload, headers })
const complete = (upload: Started, payload: object = {}) =>
  app.inject({ method: 'POST', url: upload.links.complete, payload })
const sendAll = async (upload: Started) => {
  for (const n of [1, 2])
    expect(
      (await put(partUrl(upload, n), bytes.subarray((n - 1) * 16 * MiB, n * 16 * MiB))).statusCode,
    ).toBe(200)
}
const objectUrl = async (upload: Started, fileName?: string) =>
  local(
    await app.services.storage.objectUrl(upload.uri.split('/').slice(3).join('/'), {
      expiresInSeconds: 60,
      baseUrl: 'http://any',
      ...(fileName !== undefined && { fileName }),
    }),
  )

describe('POST /uploads', () => {
  it('answers with part size and signed URLs on the public address', async () => {
    const answer = await app.inject({
      method: 'POST',
      url: '/uploads',
      payload: { filename: 'x.bin', size_bytes: 33 * MiB },
    })
    const upload = answer.json<Started>()
    expect(answer.headers.location).toBe(`/uploads/${upload.upload_id}`)
    expect(upload).toMatchObject({
      filename: 'x.bin',
      size_bytes: 33 * MiB,
      part_size_bytes: 16 * MiB,
    })
    expect(upload.part_urls.map((part) => part.part_number)).toEqual([1, 2, 3])
    for (const { url } of upload.part_urls)
      expect(url).toMatch(/^https:\/\/example\.org\/storage\//)
    expect(Date.parse(answer.json<{ expires_at: string }>().expires_at)).toBeGreaterThan(Date.now())
  })

  it.each([
    [{ filename: '../../x', size_bytes: 1 }, 400, 'invalid-file-name'],
    [{ filename: 'x', size_bytes: 11e12 }, 413, 'upload-too-large'],
    [{ filename: 'x' }, 422, 'invalid-request'],
    [{ filename: 'x', size_bytes: -1 }, 422, 'invalid-request'],
    [{ filename: 'x', size_bytes: 1.5 }, 422, 'invalid-request'],
    [{ filename: 7, size_bytes: 1 }, 422, 'invalid-request'],
  ])('refuses %j', async (payload, status, code) => {
    const answer = await app.inject({ method: 'POST', url: '/uploads', payload })
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([status, code])
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
  })
})

describe('an upload over HTTP', () => {
  it('is sent, completed in either spelling, and read back', async () => {
    const upload = await start('dir/ä.bin')
    const parts = []
    for (const n of [2, 1]) {
      const answer = await put(partUrl(upload, n), bytes.subarray((n - 1) * 16 * MiB, n * 16 * MiB))
      expect(answer.headers['etag']).toMatch(/^".+"$/)
      expect(answer.headers['access-control-expose-headers']).toContain('ETag')
      expect(answer.body).toBe('')
      parts.push({ PartNumber: n, ETag: String(answer.headers['etag']) })
    }
    const done = await complete(upload, { parts })
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expect(done.statusCode).toBe(200)
    expect(done.json()).toMatchObject({
      upload_id: upload.upload_id,
      status: 'completed',
      size_bytes: bytes.length,
      sha256,
      uri: upload.uri,
    })
    const native = parts.map((part) => ({ part_number: part.PartNumber, etag: part.ETag }))
    expect((await complete(upload, { parts: native })).json()).toEqual(done.json())
    expect((await app.inject({ method: 'POST', url: upload.links.complete })).json()).toEqual(
      done.json(),
    )
    const other = await complete(upload, { parts: parts.slice(1) })
    expect([other.statusCode, other.json<{ code: string }>().code]).toEqual([
      409,
      'upload-complete',
    ])
    const late = await put(partUrl(upload), bytes.subarray(0, 9))
    expect([late.statusCode, late.json<{ code: string }>().code]).toEqual([409, 'upload-complete'])

    const read = await app.inject(await objectUrl(upload))
    expect(read.rawPayload.equals(bytes)).toBe(true)
  })

  it('says what is missing and gives fresh URLs for it', async () => {
    const upload = await start()
    const empty = await complete(upload)
    expect(empty.statusCode).toBe(400)
    expect(empty.json()).toMatchObject({
      code: 'upload-incomplete',
      missing_parts: [1, 2],
      short_parts: [],
    })
    await put(partUrl(upload, 2), bytes.subarray(16 * MiB))
    await put(partUrl(upload, 1), Buffer.from('short'))
    expect((await complete(upload)).json()).toMatchObject({ missing_parts: [], short_parts: [1] })
    const view = (await app.inject(upload.links.self)).json<Started & { missing_parts: number[] }>()
    expect(view).toMatchObject({ status: 'open', received_bytes: 5, missing_parts: [1] })
    expect(view.part_urls).toHaveLength(1)
    await put(partUrl(view), bytes.subarray(0, 16 * MiB))
    expect((await complete(upload)).statusCode).toBe(200)
  })

  it('can be given up', async () => {
    const upload = await start()
    const gone = await app.inject({ method: 'DELETE', url: upload.links.self })
    expect([gone.statusCode, gone.body]).toEqual([204, ''])
    expect((await app.inject(upload.links.self)).statusCode).toBe(404)
    expect((await put(partUrl(upload), bytes.subarray(0, 9))).statusCode).toBe(404)
    expect((await complete(upload)).statusCode).toBe(404)
  })
})

describe('a signed part', () => {
  it('takes any type of body, none at all, and chunks of unknown length', async () => {
    const upload = await start('a.json', 20)
    const url = partUrl(upload)
    for (const type of [
      'application/json',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      undefined,
    ]) {
      const answer = await put(
        url,
        Buffer.from('{"not json'),
        type === undefined ? {} : { 'content-type': type },
      )
      expect(answer.statusCode).toBe(200)
    }
    const chunked = Readable.from([Buffer.from('0123456789'), Buffer.from('0123456789')])
    expect((await put(url, chunked, { 'transfer-encoding': 'chunked' })).statusCode).toBe(200)
    expect((await complete(upload)).statusCode).toBe(200)
    const read = await app.inject(await objectUrl(upload))
    expect(read.body).toBe('01234567890123456789')

    const empty = await start('empty', 0)
    const nothing = await app.inject({ method: 'PUT', url: partUrl(empty) })
    expect(nothing.statusCode).toBe(200)
    expect((await complete(empty)).json()).toMatchObject({ size_bytes: 0 })
  })

  it('takes no more than it was signed for, announced or not', async () => {
    const upload = await start('a', 20)
    const tooMuch = { statusCode: 413 }
    expect(await put(partUrl(upload), Buffer.alloc(21))).toMatchObject(tooMuch)
    const endless = Readable.from([Buffer.alloc(15), Buffer.alloc(15)])
    const answer = await put(partUrl(upload), endless, { 'transfer-encoding': 'chunked' })
    expect(answer).toMatchObject(tooMuch)
    expect((await app.inject(upload.links.self)).json()).toMatchObject({ missing_parts: [1] })
  })

  it('with a Content-Digest is kept only if it has that digest', async () => {
    const upload = await start('a', 20)
    const body = Buffer.alloc(20, 'd')
    const sha256 = createHash('sha256').update(body).digest('base64')
    const send = (digest: string, payload = body) =>
      put(partUrl(upload), payload, { 'content-digest': digest })
    const corrupted = Buffer.concat([body.subarray(0, 19), Buffer.from('e')])
    const refused = await send(`md5=:AAAA:, sha-256=:${sha256}:`, corrupted)
    expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([
      400,
      'checksum-mismatch',
    ])
    expect((await app.inject(upload.links.self)).json()).toMatchObject({ missing_parts: [1] })
    expect((await send('sha-256=:short:')).json()).toMatchObject({ code: 'bad-request' })
    expect((await send(`sha-256=:${sha256}:`)).statusCode).toBe(200)
    expect((await complete(upload)).statusCode).toBe(200)
  })

  it('has the size that was asked for, if the store and we can bear it', async () => {
    const partBytes = async (part_size_bytes: number) => {
      const payload = { filename: 'a', size_bytes: bytes.length, part_size_bytes }
      const answer = await app.inject({ method: 'POST', url: '/uploads', payload })
      return answer.json<Started>().part_size_bytes
    }
    expect([await partBytes(2 * MiB), await partBytes(1)]).toEqual([2 * MiB, MiB])
  })

  it('is refused when its URL was changed', async () => {
    const upload = await start()
    const url = new URL(partUrl(upload), 'http://any')
    url.searchParams.set('max_bytes', '99999999999')
    const answer = await put(local(url.href), Buffer.from('x'))
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([
      403,
      'signature-invalid',
    ])
    const bare = await put(url.pathname, Buffer.from('x'))
    expect(bare.statusCode).toBe(403)
    expect(bare.headers['access-control-allow-origin']).toBe('*')
  })

  it('answers the question of a browser before it sends', async () => {
    const upload = await start()
    const answer = await app.inject({
      method: 'OPTIONS',
      url: partUrl(upload),
      headers: { origin: 'https://lab.example', 'access-control-request-method': 'PUT' },
    })
    expect(answer.statusCode).toBe(204)
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': '*' })
    expect(answer.headers['access-control-allow-methods']).toContain('PUT')
  })

  it('needs no key: the URL is the permission, and nothing else opens it', async () => {
    const routes = app.services
    expect(routes.storage.signedUrls).toBeDefined()
    const stranger = await app.inject({ method: 'GET', url: '/storage/objects/secret' })
    expect(stranger.statusCode).toBe(403)
  })
})

describe('a signed object', () => {
  it('is served whole, in ranges and conditionally', async () => {
    const upload = await start()
    await sendAll(upload)
    await complete(upload)
    const url = await objectUrl(upload, 'näme.bin')
    const get = (headers: Record<string, string>, method: 'GET' | 'HEAD' = 'GET') =>
      app.inject({ method, url, headers })

    const head = await get({}, 'HEAD')
    expect(head.headers).toMatchObject({
      'content-length': String(bytes.length),
      'content-type': 'image/x-test',
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
    })
    expect(head.headers['content-disposition']).toContain("filename*=UTF-8''n%C3%A4me.bin")
    expect(head.body).toBe('')
    const etag = String(head.headers['etag'])
    expect((await get({ 'if-none-match': etag })).statusCode).toBe(304)

    const middle = await get({ range: 'bytes=3-7' })
    expect(middle.statusCode).toBe(206)
    expect(middle.headers['content-range']).toBe(`bytes 3-7/${bytes.length}`)
    expect(middle.rawPayload.equals(bytes.subarray(3, 8))).toBe(true)
    expect((await get({ range: 'bytes=-5' })).rawPayload.equals(bytes.subarray(-5))).toBe(true)
    const open = await get({ range: `bytes=${bytes.length - 2}-`, 'if-range': etag })
    expect(open.rawPayload).toHaveLength(2)
    expect((await get({ range: 'bytes=0-1', 'if-range': '"other"' })).statusCode).toBe(200)
    const beyond = await get({ range: `bytes=${bytes.length}-` })
    expect(beyond.statusCode).toBe(416)
    expect(beyond.headers['content-range']).toBe(`bytes */${bytes.length}`)
    expect((await get({ range: 'bytes=0-4' }, 'HEAD')).headers['content-length']).toBe('5')
  })

  it('has any name that a file may have', async () => {
    for (const name of ['a b+c&d=e?f#g%h.bin', '数据/结果.csv', "it's (1).bin", 'a%2fb', '%']) {
      const upload = await start(name, 3)
      await put(partUrl(upload), Buffer.from('abc'))
      expect((await complete(upload)).statusCode).toBe(200)
      const read = await app.inject(await objectUrl(upload))
      expect([read.statusCode, read.body]).toEqual([200, 'abc'])
    }
  })

  it('that does not exist is 404', async () => {
    const upload = await start()
    expect((await app.inject(await objectUrl(upload))).statusCode).toBe(404)
  })
})

describe('on a real connection', () => {
  it('keeps the part that was there when the client goes away in the middle', async () => {
    const upload = await start('a', 1000)
    const url = partUrl(upload)
    const tmp = path.join(folder, 'objects/.longhaul/tmp')
    const old = Buffer.alloc(1000, 'o')
    const first = await fetch(`http://127.0.0.1:${port}${url}`, { method: 'PUT', body: old })
    expect(first.status).toBe(200)

    const socket = connect(port, '127.0.0.1')
    socket.write(`PUT ${url} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n${'n'.repeat(500)}`)
    // Until its bytes are being written, for that is the moment to go.
    for (let n = 0; (await readdir(tmp)).length === 0; n++) {
      expect(n).toBeLessThan(500)
      await sleep(10)
    }
    socket.destroy()
    await once(socket, 'close')
    for (let n = 0; (await readdir(tmp)).length > 0; n++) {
      expect(n).toBeLessThan(500)
      await sleep(10)
    }
    const view = await app.inject(upload.links.self)
    expect(view.json()).toMatchObject({ missing_parts: [], received_bytes: 1000 })
    expect((await complete(upload)).statusCode).toBe(200)
    expect((await app.inject(await objectUrl(upload))).body).toBe('o'.repeat(1000))
  })

  it('answers a refusal while the client is still sending, and the connection goes on', async () => {
    const upload = await start('a', 1000)
    const socket = connect(port, '127.0.0.1')
    const url = partUrl(upload)
    const send = (length: number, body: string) =>
      socket.write(`PUT ${url} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${body}`)
    send(5000, 'x'.repeat(5000))
    send(1000, 'y'.repeat(1000))
    let text = ''
    for await (const chunk of socket.setEncoding('utf8')) {
      text += String(chunk)
      if (/HTTP\/1.1 200/.test(text)) break
    }
    expect(text).toMatch(/^HTTP\/1.1 413/)
  })
})
