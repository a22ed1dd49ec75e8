import { afterEach, expect, it } from 'vitest'
import { LonghaulError } from '../src/errors/index.ts'
import { startHttpService, type HttpService } from './harness/http-service.ts'

let service: HttpService
afterEach(() => service.stop())

const stored = async () =>
  (await service.app.services.storage.list('datasets/', { limit: 100 })).objects
const start = async () => (service = await startHttpService())
const submitForm = (headers: Record<string, string> = {}) =>
  service.call('POST /processors/head/jobs', {
    form: { source: [['a', 'hello']], bytes: '4' },
    headers,
  })

it('refuses a form before its files are read when the queue is full, unless its job may be there', async () => {
  await start()
  const { engine } = service.app.services
  const { checkRoom } = engine
  const full = () => Promise.reject(new LonghaulError('queue-full', 'The queue is full.'))
  engine.checkRoom = full // as a hundred thousand jobs would have it
  const answer = await submitForm()
  expect([answer.status, answer.json.code]).toEqual([429, 'queue-full'])
  expect(await stored()).toEqual([])

  engine.checkRoom = checkRoom
  const first = await submitForm({ 'idempotency-key': 'k' })
  engine.checkRoom = full
  const again = await submitForm({ 'idempotency-key': 'k' })
  expect(again.json.job_id).toBe(first.json.job_id)
})

it('refuses a form and an upload below the disk floor', async () => {
  await start()
  service.app.services.storage.freeBytes = async () => ({ free: 1e6, total: 1e12 })
  expect((await submitForm()).json).toMatchObject({ code: 'insufficient-storage', status: 507 })
  const upload = { json: { filename: 'a', size_bytes: 5 } }
  expect((await service.call('POST /uploads', upload)).status).toBe(507)
  expect(await stored()).toEqual([])
})
