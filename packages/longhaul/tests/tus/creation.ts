import { describe, expect, it } from 'vitest'
import { base64, bytesType, type TusCalls } from '../harness/tus-calls.ts'

/** "Creation", with upload and with a length that is told later; "Expiration"; "Termination". */
export function creation(tus: () => TusCalls): void {
  const post = (headers: Record<string, string | undefined>, body?: string) =>
    tus().send('POST /uploads', headers, body)

  describe('creation', () => {
    it('answers 201 with the URL and when the upload expires', async () => {
      const answer = await post({ 'Upload-Length': '10' })
      expect(answer.status).toBe(201)
      expect(answer.headers.location).toMatch(/\/uploads\/[\w-]+$/)
      expect(answer.headers['tus-resumable']).toBe('1.0.0')
      const expires = Date.parse(String(answer.headers['upload-expires']))
      expect(expires).toBeGreaterThan(Date.now())
      expect(answer.headers['upload-expires']).toMatch(/ GMT$/)
    })

    it('of an empty file is complete at once', async () => {
      const path = await tus().create({ 'Upload-Length': '0' })
      expect((await tus().head(path)).headers['upload-offset']).toBe('0')
      expect(await tus().contentOf(path)).toHaveLength(0)
    })

    it('of more than Tus-Max-Size is 413', async () => {
      expect((await post({ 'Upload-Length': '1000001' })).status).toBe(413)
    })

    it.each(['-1', 'ten', '1e3', '', '0x10', '1,2'])('of the length %s is 400', async (length) => {
      expect((await post({ 'Upload-Length': length })).status).toBe(400)
    })

    it('without a length is 400', async () => {
      expect((await post({})).status).toBe(400)
    })
  })

  describe('Upload-Metadata', () => {
    it('names the file and its type, and comes back word for word', async () => {
      const metadata = `filename ${base64('ordner/bild ö.png')},filetype ${base64('image/png')},is_confidential,any ${base64('\u0000')}`
      const path = await tus().create({ 'Upload-Metadata': metadata })
      expect((await tus().head(path)).headers['upload-metadata']).toBe(metadata)
      const { json } = await tus().service.call(`GET ${path}`)
      expect(json.filename).toBe('ordner/bild ö.png')
    })

    it('that is empty says nothing', async () => {
      const path = await tus().create({ 'Upload-Metadata': '' })
      expect((await tus().head(path)).headers['upload-metadata']).toBeUndefined()
    })

    it.each([
      ['no Base64', 'filename a.txt'],
      ['two spaces', `filename  ${base64('a')}`],
      ['a key twice', `filename ${base64('a')},filename ${base64('b')}`],
      ['no key', `,filename ${base64('a')}`],
      ['no UTF-8 in the name', `filename ${Buffer.of(0xff, 0xfe).toString('base64')}`],
    ])('with %s is 400', async (_what, metadata) => {
      expect((await post({ 'Upload-Length': '1', 'Upload-Metadata': metadata })).status).toBe(400)
    })

    it.each(['../../etc/passwd', '/etc/passwd', 'a\\b', 'a/../b', '.longhaul/x', 'a\nb'])(
      'with the file name %j is 400: a name is never a path',
      async (name) => {
        const metadata = `filename ${base64(name)}`
        const answer = await post({ 'Upload-Length': '1', 'Upload-Metadata': metadata })
        expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
          400,
          { code: 'invalid-file-name' },
        ])
      },
    )
  })

  describe('creation-with-upload', () => {
    it('takes the first bytes with the creation', async () => {
      const answer = await post({ 'Upload-Length': '10', 'Content-Type': bytesType }, '01234')
      expect([answer.status, answer.headers['upload-offset']]).toEqual([201, '5'])
      const path = String(answer.headers.location)
      await tus().patch(path, 5, '56789')
      expect(String(await tus().contentOf(path))).toBe('0123456789')
    })

    it('takes all of them', async () => {
      const answer = await post({ 'Upload-Length': '5', 'Content-Type': bytesType }, '01234')
      expect([answer.status, answer.headers['upload-offset']]).toEqual([201, '5'])
      expect(String(await tus().contentOf(String(answer.headers.location)))).toBe('01234')
    })

    it('takes them of an upload whose length is told later', async () => {
      const answer = await post({ 'Upload-Defer-Length': '1', 'Content-Type': bytesType }, '01234')
      expect([answer.status, answer.headers['upload-offset']]).toEqual([201, '5'])
    })

    it('of more bytes than the length is 413', async () => {
      const answer = await post({ 'Upload-Length': '4', 'Content-Type': bytesType }, '01234')
      expect([answer.status, answer.headers.location]).toEqual([413, undefined])
    })

    it('of another type is 415', async () => {
      const answer = await post({ 'Upload-Length': '5', 'Content-Type': 'text/plain' }, '01234')
      expect([answer.status, answer.headers.location]).toEqual([415, undefined])
    })
  })

  describe('creation-defer-length', () => {
    it('goes on without a length until a PATCH says it', async () => {
      const path = await tus().create({ 'Upload-Length': undefined, 'Upload-Defer-Length': '1' })
      await tus().patch(path, 0, '01234')
      const before = (await tus().head(path)).headers
      expect(before).toMatchObject({ 'upload-defer-length': '1', 'upload-offset': '5' })
      expect(before['upload-length']).toBeUndefined()
      await tus().patch(path, 5, '567', { 'Upload-Length': '10' })
      const after = (await tus().head(path)).headers
      expect(after).toMatchObject({ 'upload-length': '10', 'upload-offset': '8' })
      expect(after['upload-defer-length']).toBeUndefined()
      await tus().patch(path, 8, '89')
      expect(String(await tus().contentOf(path))).toBe('0123456789')
    })

    it('is complete when a PATCH without bytes says that this was all', async () => {
      const path = await tus().create({ 'Upload-Length': undefined, 'Upload-Defer-Length': '1' })
      await tus().patch(path, 0, '01234')
      await tus().patch(path, 5, '', { 'Upload-Length': '5' })
      expect(String(await tus().contentOf(path))).toBe('01234')
    })

    it('of a length that changes, or is less than what came, is refused', async () => {
      const path = await tus().create({ 'Upload-Length': undefined, 'Upload-Defer-Length': '1' })
      await tus().patch(path, 0, '01234')
      expect((await tus().patch(path, 5, '', { 'Upload-Length': '4' })).status).toBe(400)
      await tus().patch(path, 5, '', { 'Upload-Length': '9' })
      expect((await tus().patch(path, 5, '', { 'Upload-Length': '8' })).status).toBe(400)
      expect((await tus().head(path)).headers['upload-length']).toBe('9')
    })

    it.each(['0', '2', 'yes', ''])('Upload-Defer-Length: %s is 400', async (value) => {
      expect((await post({ 'Upload-Defer-Length': value })).status).toBe(400)
    })

    it('together with Upload-Length is 400', async () => {
      expect((await post({ 'Upload-Length': '1', 'Upload-Defer-Length': '1' })).status).toBe(400)
    })
  })

  describe('expiration', () => {
    it('is told with every answer until the upload is complete', async () => {
      const path = await tus().create()
      const patched = await tus().patch(path, 0, '01234')
      expect(patched.headers['upload-expires']).toMatch(/ GMT$/)
      expect((await tus().head(path)).headers['upload-expires']).toMatch(/ GMT$/)
      const last = await tus().patch(path, 5, '56789')
      expect(last.headers['upload-expires']).toBeUndefined()
      expect((await tus().head(path)).headers['upload-expires']).toBeUndefined()
    })
  })

  describe('termination', () => {
    it('ends an upload: nobody finds it after that', async () => {
      const path = await tus().create()
      await tus().patch(path, 0, '01234')
      const answer = await tus().send(`DELETE ${path}`)
      expect([answer.status, answer.headers['tus-resumable']]).toEqual([204, '1.0.0'])
      expect([404, 410]).toContain((await tus().head(path)).status)
      expect([404, 410]).toContain((await tus().patch(path, 5, '56789')).status)
    })

    it('of an unknown upload is 404', async () => {
      expect((await tus().send('DELETE /uploads/no-such-upload')).status).toBe(404)
    })
  })
}
