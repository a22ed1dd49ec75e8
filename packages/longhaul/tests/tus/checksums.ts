import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { bytesType, checksum, type TusCalls } from '../harness/tus-calls.ts'

/** "Checksum" of tus 1.0, and `Content-Digest` of RFC 9530. */
export function checksums(tus: () => TusCalls): void {
  const crc = (text: string): string => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(crc32(text))
    return `crc32 ${bytes.toString('base64')}`
  }
  const contentDigest = (text: string): string =>
    `sha-256=:${createHash('sha256').update(text).digest('base64')}:`

  describe('Upload-Checksum', () => {
    it.each([
      checksum('sha1', '01234'),
      checksum('sha256', '01234'),
      checksum('md5', '01234'),
      crc('01234'),
    ])('%s is compared', async (right) => {
      const path = await tus().create()
      const wrong = await tus().patch(path, 0, '43210', { 'Upload-Checksum': right })
      expect([wrong.status, await tus().offset(path)]).toEqual([460, 0])
      const answer = await tus().patch(path, 0, '01234', { 'Upload-Checksum': right })
      expect([answer.status, answer.headers['upload-offset']]).toEqual([204, '5'])
    })

    it('that is wrong keeps what had come before, and only that', async () => {
      const path = await tus().create()
      await tus().patch(path, 0, '01234')
      const headers = { 'Upload-Checksum': checksum('sha1', 'other') }
      const answers = [
        await tus().patch(path, 5, '56789', headers),
        await tus().patch(path, 5, ['56', '789'], headers),
      ]
      expect(answers.map(({ status }) => status)).toEqual([460, 460])
      expect(await tus().offset(path)).toBe(5)
      await tus().patch(path, 5, '56789', { 'Upload-Checksum': checksum('sha1', '56789') })
      expect(String(await tus().contentOf(path))).toBe('0123456789')
    })

    it.each([
      ['an algorithm that is not offered', checksum('sha512', '01234')],
      ['no checksum', 'sha1'],
      ['no Base64', 'sha1 ???'],
      ['too few bytes', 'sha1 AAAA'],
      ['nothing', ''],
    ])('with %s is 400', async (_what, header) => {
      const path = await tus().create()
      const answer = await tus().patch(path, 0, '01234', { 'Upload-Checksum': header })
      expect([answer.status, await tus().offset(path)]).toEqual([400, 0])
    })

    it('of a creation with upload that is wrong creates nothing', async () => {
      const answer = await tus().send(
        'POST /uploads',
        {
          'Upload-Length': '5',
          'Content-Type': bytesType,
          'Upload-Checksum': checksum('sha1', 'other'),
        },
        '01234',
      )
      expect([answer.status, answer.headers.location]).toEqual([460, undefined])
    })
  })

  describe('Content-Digest', () => {
    it('of a PATCH is compared: another body is 460, the offset unchanged', async () => {
      const path = await tus().create()
      const headers = { 'Content-Digest': contentDigest('01234') }
      expect((await tus().patch(path, 0, '43210', headers)).status).toBe(460)
      expect(await tus().offset(path)).toBe(0)
      expect((await tus().patch(path, 0, '01234', headers)).status).toBe(204)
    })

    it('is compared beside Upload-Checksum', async () => {
      const path = await tus().create()
      const answer = await tus().patch(path, 0, '01234', {
        'Upload-Checksum': checksum('sha1', '01234'),
        'Content-Digest': contentDigest('43210'),
      })
      expect([answer.status, await tus().offset(path)]).toEqual([460, 0])
    })

    it.each(['sha-256=:AAAA:', 'sha-256=AAAA', 'md5=:AAAA:', ''])('%j is 400', async (header) => {
      const path = await tus().create()
      const answer = await tus().patch(path, 0, '01234', { 'Content-Digest': header })
      expect([answer.status, await tus().offset(path)]).toEqual([400, 0])
    })
  })
}
