import { describe, expect, it } from 'vitest'
import { base64, bytesType, type TusCalls } from '../harness/tus-calls.ts'

/** "Concatenation" of tus 1.0. */
export function concatenation(tus: () => TusCalls): void {
  const partial = (text: string) =>
    tus().create(
      {
        'Upload-Concat': 'partial',
        'Upload-Length': String(text.length),
        'Content-Type': bytesType,
      },
      text,
    )
  const final = (urls: readonly string[], headers = {}, body?: string) =>
    tus().send('POST /uploads', { 'Upload-Concat': `final;${urls.join(' ')}`, ...headers }, body)

  describe('concatenation', () => {
    it('makes one file of partial uploads, in the order of the list', async () => {
      const parts = [await partial('one '), await partial('two '), await partial('three')]
      const metadata = `filename ${base64('all.txt')}`
      const answer = await final(parts, { 'Upload-Metadata': metadata })
      expect([answer.status, answer.headers['tus-resumable']]).toEqual([201, '1.0.0'])
      const path = String(answer.headers.location)
      expect((await tus().head(path)).headers).toMatchObject({
        'upload-offset': '13',
        'upload-length': '13',
        'upload-concat': `final;${parts.join(' ')}`,
        'upload-metadata': metadata,
      })
      expect(String(await tus().contentOf(path))).toBe('one two three')
    })

    it('takes absolute URLs, as clients that resolve them send', async () => {
      const parts = [await partial('b'), await partial('a')]
      const { url } = tus().service
      const answer = await final(parts.map((path) => url + path))
      expect(String(await tus().contentOf(String(answer.headers.location)))).toBe('ba')
    })

    it('says of a partial upload that it is one', async () => {
      const path = await partial('x')
      expect((await tus().head(path)).headers['upload-concat']).toBe('partial')
    })

    it('takes partial uploads whose length is told later', async () => {
      const path = await tus().create({
        'Upload-Concat': 'partial',
        'Upload-Length': undefined,
        'Upload-Defer-Length': '1',
      })
      await tus().patch(path, 0, 'later', { 'Upload-Length': '5' })
      const answer = await final([path])
      expect(String(await tus().contentOf(String(answer.headers.location)))).toBe('later')
    })

    it('of partial uploads that are not complete is refused, and they go on', async () => {
      const open = await tus().create({ 'Upload-Concat': 'partial', 'Upload-Length': '2' })
      const done = await partial('x')
      const answer = await final([done, open])
      expect([400, 409]).toContain(answer.status)
      await tus().patch(open, 0, 'yz')
      const again = await final([done, open])
      expect(String(await tus().contentOf(String(again.headers.location)))).toBe('xyz')
    })

    it('of what is no upload is refused', async () => {
      expect((await final(['/uploads/no-such-upload'])).status).toBe(404)
      expect((await final(['https://example.org/'])).status).toBe(400)
      expect((await final([])).status).toBe(400)
    })

    it('with a length of its own is 400', async () => {
      expect((await final([await partial('x')], { 'Upload-Length': '1' })).status).toBe(400)
    })

    it('with bytes of its own is 403, and so is a PATCH of the final upload', async () => {
      const part = await partial('x')
      expect((await final([part], { 'Content-Type': bytesType }, 'y')).status).toBe(403)
      const path = String((await final([part])).headers.location)
      expect((await tus().patch(path, 1, 'y')).status).toBe(403)
      expect(String(await tus().contentOf(path))).toBe('x')
    })

    it.each(['partially', 'final', 'final;', 'FINAL;/uploads/a', ''])(
      '%j is 400',
      async (value) => {
        const headers = { 'Upload-Concat': value, 'Upload-Length': '1' }
        expect((await tus().send('POST /uploads', headers)).status).toBe(400)
      },
    )
  })
}
