import { beforeAll, describe, expect, it } from 'vitest'
import { createKeys } from '../../src/keys/index.ts'
import { bytesType, type TusCalls } from '../harness/tus-calls.ts'

/** Last: from now on the service wants a key. */
export function keysAndOwners(tus: () => TusCalls): void {
  describe('with keys', () => {
    let ada: Record<string, string>
    let bob: Record<string, string>
    beforeAll(async () => {
      const keys = createKeys(tus().service.app.services.database)
      const of = async (owner: string) => ({
        Authorization: `Bearer ${(await keys.create({ owner, scopes: ['submit'] })).token}`,
      })
      ada = await of('ada')
      bob = await of('bob')
    })

    it('nobody uploads without one, and a page can read why', async () => {
      const { status, headers } = await tus().send('POST /uploads', { 'Upload-Length': '1' })
      expect([status, headers['access-control-allow-origin']]).toEqual([401, '*'])
      expect(headers['tus-resumable']).toBe('1.0.0')
    })

    it('asking what the service can do needs none: a preflight cannot have one', async () => {
      expect((await tus().send('OPTIONS /uploads')).status).toBe(204)
    })

    it('a page of any origin may with one', async () => {
      const path = await tus().create({
        ...ada,
        Origin: 'https://example.org',
        'Sec-Fetch-Site': 'cross-site',
      })
      expect(path).toMatch(/^\/uploads\//)
    })

    it("another owner's upload is none: not to see, to go on with, to end, nor to join", async () => {
      const theirs = await tus().create(
        { ...ada, 'Upload-Concat': 'partial', 'Upload-Length': '5', 'Content-Type': bytesType },
        '01234',
      )
      const offset = { 'Content-Type': bytesType, 'Upload-Offset': '5' }
      const statuses = [
        await tus().send(`HEAD ${theirs}`, bob),
        await tus().send(`PATCH ${theirs}`, { ...bob, ...offset }),
        await tus().send(`DELETE ${theirs}`, bob),
        await tus().send('POST /uploads', { ...bob, 'Upload-Concat': `final;${theirs}` }),
      ].map(({ status }) => status)
      expect(statuses).toEqual([404, 404, 404, 404])
      expect((await tus().send(`HEAD ${theirs}`, ada)).headers['upload-offset']).toBe('5')
    })
  })
}
