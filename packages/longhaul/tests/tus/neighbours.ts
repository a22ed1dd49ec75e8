import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { base64, bytesType, checksum, type TusCalls } from '../harness/tus-calls.ts'
import { until } from '../harness/until.ts'

/** What lies around the protocol: other origins, broken lines, and the rest of the service. */
export function neighbours(tus: () => TusCalls): void {
  describe('pages of other origins', () => {
    it('may ask: the preflight allows the methods and headers of the protocol', async () => {
      const path = await tus().create()
      for (const url of ['/uploads', path]) {
        const { status, headers } = await tus().send(`OPTIONS ${url}`, {
          'Tus-Resumable': undefined,
          Origin: 'https://example.org',
          'Access-Control-Request-Method': 'PATCH',
          'Access-Control-Request-Headers': 'tus-resumable,upload-offset,authorization',
        })
        expect([status, headers['access-control-allow-origin']]).toEqual([204, '*'])
        for (const method of ['POST', 'HEAD', 'PATCH', 'DELETE'])
          expect(headers['access-control-allow-methods']).toContain(method)
        expect(headers['access-control-allow-headers']).toContain('Authorization')
      }
    })

    it('may read what the protocol says, of refusals too', async () => {
      const created = await tus().send('POST /uploads', { 'Upload-Length': '1' })
      const unknown = await tus().head('/uploads/no-such-upload')
      const refused = await tus().patch('/uploads/x', 0, 'x', { 'Tus-Resumable': '2.0.0' })
      for (const { headers } of [created, unknown, refused]) {
        expect(headers['access-control-allow-origin']).toBe('*')
        for (const name of ['Location', 'Upload-Offset', 'Upload-Length', 'Tus-Resumable'])
          expect(headers['access-control-expose-headers']).toContain(name)
      }
    })

    it('may not without a key: being on this machine is no permission of a page', async () => {
      const answer = await tus().send('POST /uploads', {
        'Upload-Length': '1',
        Origin: 'https://example.org',
        'Sec-Fetch-Site': 'cross-site',
      })
      expect(answer.status).toBe(403)
    })
  })

  describe('a broken line', () => {
    /** Sends the head and some of the body by hand. */
    async function begin(path: string, headers: Record<string, string>, body: string) {
      const socket = connect(Number(new URL(tus().service.url).port), '127.0.0.1')
      socket.on('error', () => {}) // the service may end it first
      await once(socket, 'connect')
      const lines = Object.entries({
        Host: 'localhost',
        'Tus-Resumable': '1.0.0',
        'Content-Type': bytesType,
        ...headers,
      }).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.write(`PATCH ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
      return socket
    }
    async function cut(path: string, headers: Record<string, string>, body: string, afterMs = 0) {
      const socket = await begin(path, headers, body)
      await sleep(afterMs)
      socket.destroy()
    }
    const half = { 'Upload-Offset': '0', 'Content-Length': '10' }

    it('keeps what had come, and the client goes on from there', async () => {
      const path = await tus().create()
      let patienceMs = 0
      // What came counts once the service has read it; on a busy machine that takes a moment.
      await until('the bytes that came', async () => {
        await cut(path, half, '01234', (patienceMs += 50))
        return (await tus().offset(path)) === 5
      })
      await tus().patch(path, 5, '56789')
      expect(String(await tus().contentOf(path))).toBe('0123456789')
    })

    it('that only looks alive is taken over at once by a new one', async () => {
      const path = await tus().create()
      const ended = []
      let patienceMs = 0
      await until('the bytes that came', async () => {
        const socket = await begin(path, half, '01234')
        ended.push(once(socket.resume(), 'close'))
        await sleep((patienceMs += 50))
        return (await tus().offset(path)) === 5
      })
      await tus().patch(path, 5, '56789')
      expect(String(await tus().contentOf(path))).toBe('0123456789')
      await Promise.all(ended) // the service has let go of them
    })

    it('keeps nothing of a body with a checksum', async () => {
      const path = await tus().create()
      const headers = { 'Upload-Offset': '0', 'Upload-Checksum': `sha1 ${'A'.repeat(27)}=` }
      await cut(path, { ...headers, 'Content-Length': '10' }, '01234')
      await cut(path, { ...headers, 'Transfer-Encoding': 'chunked' }, '5\r\n01234\r\n')
      const whole = { 'Upload-Checksum': checksum('sha1', '0123456789') }
      // One that was cut may still arrive, and take over.
      await until('all of it', async () => {
        return (await tus().patch(path, 0, '0123456789', whole)).status === 204
      })
      expect(String(await tus().contentOf(path))).toBe('0123456789')
    })

    it('at any moment of many requests leaves the service as it was', async () => {
      const path = await tus().create({ 'Upload-Length': undefined, 'Upload-Defer-Length': '1' })
      for (let n = 0; n < 20; n++)
        await cut(path, { 'Upload-Offset': '0', 'Transfer-Encoding': 'chunked' }, '5\r\n01')
      expect((await tus().service.call('GET /health')).status).toBe(200)
      const errors = tus().service.logged.filter(({ level }) => Number(level) >= 50)
      expect(errors).toEqual([])
    })
  })

  it('what came is the input of a job, by its upload id, with its digest', async () => {
    const metadata = `filename ${base64('a/b.txt')},filetype ${base64('text/plain')}`
    const path = await tus().create(
      { 'Upload-Metadata': metadata, 'Content-Type': bytesType },
      '0123456789',
    )
    const sha256 = createHash('sha256').update('0123456789')
    const { json } = await tus().service.call('POST /processors/digest/run', {
      json: { input: { data: { upload_id: path.split('/').at(-1) } } },
    })
    expect(json.result).toEqual({
      name: 'a/b.txt',
      bytes: 10,
      sha256: sha256.copy().digest('hex'),
    })
    const { headers } = await tus().head(path)
    expect([undefined, `sha-256=:${sha256.digest('base64')}:`]).toContain(headers['repr-digest'])
  })

  it('an incomplete one is no input yet', async () => {
    const path = await tus().create()
    const answer = await tus().service.call('POST /processors/digest/run', {
      json: { input: { data: { upload_id: path.split('/').at(-1) } } },
    })
    expect(answer.status).toBe(400)
  })
}
