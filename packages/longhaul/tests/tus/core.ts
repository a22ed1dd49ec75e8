import { describe, expect, it } from 'vitest'
import { base64, bytesType, type TusCalls } from '../harness/tus-calls.ts'

/** "Core Protocol" of tus 1.0. */
export function coreProtocol(tus: () => TusCalls): void {
  describe('HEAD', () => {
    it('says offset and length, and that nobody may cache it', async () => {
      const path = await tus().create({ 'Upload-Length': '10' })
      const answer = await tus().head(path)
      expect(answer.status).toBe(200)
      expect(answer.headers).toMatchObject({
        'tus-resumable': '1.0.0',
        'upload-offset': '0',
        'upload-length': '10',
        'cache-control': 'no-store',
      })
      expect(answer.text).toBe('')
    })

    it('says the same of a complete upload', async () => {
      const path = await tus().create({ 'Content-Type': bytesType }, '0123456789')
      expect((await tus().head(path)).headers).toMatchObject({
        'upload-offset': '10',
        'upload-length': '10',
      })
    })

    it('of an unknown upload is 404 without an offset', async () => {
      const answer = await tus().head('/uploads/no-such-upload')
      expect([answer.status, answer.headers['upload-offset']]).toEqual([404, undefined])
      expect(answer.headers['tus-resumable']).toBe('1.0.0')
    })
  })

  describe('PATCH', () => {
    it('appends, and says the new offset', async () => {
      const path = await tus().create()
      const first = await tus().patch(path, 0, '01234')
      expect([first.status, first.headers['upload-offset']]).toEqual([204, '5'])
      const second = await tus().patch(path, 5, '56789')
      expect([second.status, second.headers['upload-offset']]).toEqual([204, '10'])
      expect(String(await tus().contentOf(path))).toBe('0123456789')
    })

    it('takes a body in chunks, whose length nobody announced', async () => {
      const path = await tus().create()
      const answer = await tus().patch(path, 0, ['012', '34', '56789'])
      expect([answer.status, answer.headers['upload-offset']]).toEqual([204, '10'])
      expect(String(await tus().contentOf(path))).toBe('0123456789')
    })

    it.each([
      ['behind', 3],
      ['ahead', 7],
      ['at the end', 10],
    ])('with an offset %s is 409 and changes nothing', async (_where, offset) => {
      const path = await tus().create()
      await tus().patch(path, 0, '01234')
      const answer = await tus().patch(path, offset, 'x')
      expect([answer.status, await tus().offset(path)]).toEqual([409, 5])
    })

    it.each([undefined, '-1', '+0', '0x5', '1.5', ' ', 'five', '99999999999999999999'])(
      'with the offset %s is 400',
      async (offset) => {
        const path = await tus().create()
        const answer = await tus().patch(path, 0, 'x', { 'Upload-Offset': offset })
        expect([answer.status, await tus().offset(path)]).toEqual([400, 0])
      },
    )

    it.each([undefined, 'application/octet-stream', 'text/plain'])(
      'of the type %s is 415 and changes nothing',
      async (type) => {
        const path = await tus().create()
        const answer = await tus().patch(path, 0, 'x', { 'Content-Type': type })
        expect([answer.status, await tus().offset(path)]).toEqual([415, 0])
      },
    )

    it('without bytes is fine', async () => {
      const path = await tus().create()
      const answer = await tus().patch(path, 0, '')
      expect([answer.status, answer.headers['upload-offset']]).toEqual([204, '0'])
    })

    it.each([
      ['announced', '0123456789+'],
      ['in chunks', ['01234', '56789', '+']],
    ])('of more than the length, %s, is 413', async (_how, body) => {
      const path = await tus().create()
      expect((await tus().patch(path, 0, body)).status).toBe(413)
      expect(await tus().offset(path)).toBeLessThanOrEqual(10)
    })

    it('of an unknown upload is 404', async () => {
      expect((await tus().patch('/uploads/no-such-upload', 0, 'x')).status).toBe(404)
    })
  })

  describe('OPTIONS', () => {
    it('says what the service can do, also without Tus-Resumable', async () => {
      const answer = await tus().send('OPTIONS /uploads', { 'Tus-Resumable': undefined })
      expect(answer.status).toBe(204)
      expect(answer.headers).toMatchObject({
        'tus-resumable': '1.0.0',
        'tus-version': '1.0.0',
        'tus-max-size': '1000000',
        'tus-extension':
          'creation,creation-with-upload,creation-defer-length,checksum,concatenation,termination,expiration',
        'tus-checksum-algorithm': 'sha1,sha256,md5,crc32',
      })
    })
  })

  describe('Tus-Resumable', () => {
    it.each(['POST /uploads', 'HEAD', 'PATCH', 'DELETE'])(
      '%s of another version is 412, names ours and changes nothing',
      async (what) => {
        const path = await tus().create()
        const answer = await tus().send(what.includes(' ') ? what : `${what} ${path}`, {
          'Tus-Resumable': '0.2.2',
          'Upload-Length': '5',
        })
        expect([answer.status, answer.headers['tus-version']]).toEqual([412, '1.0.0'])
        expect(await tus().offset(path)).toBe(0)
      },
    )

    it('PATCH without it is 412, for nothing else here patches', async () => {
      const path = await tus().create()
      const answer = await tus().patch(path, 0, 'x', { 'Tus-Resumable': undefined })
      expect([answer.status, answer.headers['tus-version']]).toEqual([412, '1.0.0'])
    })

    it('without it the same URLs speak JSON', async () => {
      const path = await tus().create({ 'Upload-Metadata': `filename ${base64('ä.txt')}` })
      const { json } = await tus().service.call(`GET ${path}`)
      expect(json).toMatchObject({ filename: 'ä.txt', size_bytes: 10, status: 'open' })
      const started = await tus().service.call('POST /uploads', {
        json: { filename: 'a', size_bytes: 1 },
      })
      expect([started.status, started.json.filename]).toEqual([201, 'a'])
    })
  })

  describe('X-HTTP-Method-Override', () => {
    it('is the method, whatever the real one is', async () => {
      const path = await tus().create()
      const patched = await tus().send(
        `POST ${path}`,
        { 'X-HTTP-Method-Override': 'PATCH', 'Content-Type': bytesType, 'Upload-Offset': '0' },
        '01234',
      )
      expect([patched.status, patched.headers['upload-offset']]).toEqual([204, '5'])
      const head = await tus().send(`GET ${path}`, { 'X-HTTP-Method-Override': 'HEAD' })
      expect([head.status, head.headers['upload-offset'], head.text]).toEqual([200, '5', ''])
      const options = await tus().send('POST /uploads', {
        'X-HTTP-Method-Override': 'OPTIONS',
        'Tus-Resumable': undefined,
      })
      expect([options.status, options.headers['tus-version']]).toEqual([204, '1.0.0'])
      const removed = await tus().send(`POST ${path}`, { 'X-HTTP-Method-Override': 'DELETE' })
      expect([removed.status, (await tus().head(path)).status]).toEqual([
        204,
        expect.toSatisfy((status) => [404, 410].includes(status as number)),
      ])
      const gone = await tus().send(`GET ${path}`, { 'X-HTTP-Method-Override': 'HEAD' })
      expect([404, 410]).toContain(gone.status)
    })

    it('counts for nothing elsewhere', async () => {
      const answer = await tus().send('GET /health', { 'X-HTTP-Method-Override': 'DELETE' })
      expect(answer.status).toBe(200)
    })
  })
}
