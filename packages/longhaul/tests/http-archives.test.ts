import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { extractionQueue, type Extracted } from '../src/archives/index.ts'
import { tar } from '../src/archives/tar.fixture.ts'
import { zip } from '../src/archives/zip.fixture.ts'
import { startHttpService, type HttpService } from './harness/http-service.ts'
import { until } from './harness/until.ts'

let service: HttpService
beforeAll(async () => {
  service = await startHttpService()
})
afterAll(() => service.stop())

async function upload(bytes: Buffer, filename = 'archive'): Promise<string> {
  const started = await service.call('POST /uploads', {
    json: { filename, size_bytes: bytes.length },
  })
  const { upload_id, part_urls } = started.json as {
    upload_id: string
    part_urls: { url: string }[]
  }
  const body = new Uint8Array(bytes)
  for (const { url } of part_urls) expect((await fetch(url, { method: 'PUT', body })).ok).toBe(true)
  expect((await service.call(`POST /uploads/${upload_id}/complete`)).status).toBe(200)
  return upload_id
}

async function extract(uploadId: string, headers: Record<string, string> = {}): Promise<string> {
  const {
    status,
    json,
    headers: answered,
  } = await service.call(`POST /uploads/${uploadId}/extract`, { headers })
  expect([status, answered.get('location')]).toEqual([202, `/jobs/${json.job_id}`])
  return json.job_id as string
}

it('makes files of an archive, which are inputs like any other [E.4 file_extraction]', async () => {
  const file = { name: 'in/one.txt', data: 'one' }
  const uploadId = await upload(zip([file, { name: 'two.txt', data: 'two' }]), 'two.zip')
  const headers = { 'idempotency-key': `extract ${uploadId}` }
  const jobId = await extract(uploadId, headers)
  expect(await extract(uploadId, headers)).toBe(jobId)
  const job = await service.ended(jobId)
  expect(job).toMatchObject({ status: 'completed', processor: extractionQueue })
  const extracted = job.result as unknown as Extracted
  expect(extracted).toMatchObject({ format: 'zip', entries: 2, bytes: 6, is_cut: false })
  const [one] = extracted.files
  expect(one?.name).toBe('in/one.txt')
  const stored = await service.app.services.storage.head(`${extracted.prefix}/in/one.txt`)
  const sha256 = createHash('sha256').update('one').digest('hex')
  expect([stored?.size, stored?.sha256 ?? sha256]).toEqual([3, sha256])
  expect((await service.call(`DELETE /jobs/${jobId}`)).status).toBeLessThan(300)
  await until('its files to be gone', async () => {
    const { storage } = service.app.services
    return (await storage.list(`${extracted.prefix}/`, { limit: 1 })).objects.length === 0
  })
})

it('fails the job of a hostile archive, says why, and leaves nothing', async () => {
  const jobId = await extract(
    await upload(tar([{ name: 'fine' }, { name: 'l', type: '2', linkname: '/etc' }])),
  )
  const job = await service.ended(jobId)
  expect(job).toMatchObject({
    status: 'failed',
    attempt: 1,
    problem: { code: 'archive-refused', status: 422, reason: 'link', entry: 'l' },
  })
  const { storage, config } = service.app.services
  const { objects } = await storage.list(`${config.datasetsPrefix}/${jobId}/`, { limit: 1 })
  expect(objects).toEqual([])
})

it.each([
  ['7z', Buffer.from("7z\xbc\xaf'\x1c more", 'latin1'), 'Archives in 7z are not extracted'],
  ['RAR', Buffer.from('Rar!\x1a\x07\x00 more', 'latin1'), 'Archives in rar are not extracted'],
  ['plain text', Buffer.from('plain text'), 'This is no archive'],
])('answers %s at once with what it takes', async (_, bytes, detail) => {
  const answer = await service.call(`POST /uploads/${await upload(bytes, 'a.zip')}/extract`)
  expect([answer.status, answer.json.code]).toEqual([415, 'archive-unsupported'])
  expect(answer.json.detail).toBe(`${detail}; send a zip, tar, tar.gz or tar.zst.`)
})

it('knows no upload that is not there, and waits for one that is not complete', async () => {
  const unknown = await service.call('POST /uploads/u_unknown/extract')
  expect([unknown.status, unknown.json.code]).toEqual([404, 'upload-not-found'])
  const open = await service.call('POST /uploads', { json: { filename: 'a.zip', size_bytes: 9 } })
  const early = await service.call(`POST /uploads/${open.json.upload_id}/extract`)
  expect([early.status, early.json.code]).toEqual([400, 'upload-incomplete'])
})
