import {
  jobWaits,
  queueList,
  queueView,
  serviceStatus,
  workerList,
  workerView,
} from '@longhaul/protocol'
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKeys } from '../src/keys/index.ts'
import { startHttpService, type HttpService } from './harness/http-service.ts'
import { until } from './harness/until.ts'

let service: HttpService
beforeAll(async () => {
  service = await startHttpService({ leaseMs: 3000 })
})
afterAll(() => service?.stop())

let flags = 0
const flagFile = (): string => path.join(service.folder, `flag-${++flags}`)
const submit = async (processor: string, input: object, options: object = {}): Promise<string> => {
  const json = { input, ...options }
  const answer = await service.call(`POST /processors/${processor}/jobs`, { json })
  expect(answer.status, answer.text).toBe(201)
  return answer.json.job_id as string
}
const setQueue = (queue: string, json: object) => service.call(`PATCH /queues/${queue}`, { json })
const statusOf = async (id: string): Promise<string> =>
  (await service.call(`GET /jobs/${id}?view=native`)).json.status as string

describe('GET /jobs/{id}/waits', () => {
  it('names the reasons in turn, and their lengths sum to the wait', async () => {
    await setQueue('shout', { paused: true })
    const id = await submit('shout', { text: 'a' }, { delay_seconds: 0.3 })
    await until(
      'the delay to be over',
      async () => (await service.call(`GET /jobs/${id}`)).json.waiting?.reason === 'paused',
    )
    await setQueue('shout', { paused: false })
    const job = await service.ended(id)
    const waits = jobWaits.strict().parse((await service.call(`GET /jobs/${id}/waits`)).json)
    const reasons = waits.intervals.map(({ reason }) => reason)
    expect(reasons.slice(0, 2)).toEqual(['delayed', 'paused'])
    expect(waits.intervals.every(({ to }) => to !== null)).toBe(true)
    const wait = Date.parse(job.started_at!) - Date.parse(job.created_at)
    expect(Math.abs(waits.waited_ms - wait)).toBeLessThanOrEqual(1)
  })

  it('is 404 for a job that is not there, and 304 for who has it already', async () => {
    const { status, json } = await service.call('GET /jobs/j_none/waits')
    expect([status, json.code]).toEqual([404, 'job-not-found'])
    const id = await submit('shout', { text: 'a' })
    await service.ended(id)
    const first = await service.call(`GET /jobs/${id}/waits`)
    const again = await service.call(`GET /jobs/${id}/waits`, {
      headers: { 'if-none-match': first.headers.get('etag') ?? '' },
    })
    expect([again.status, again.text]).toEqual([304, ''])
  })
})

describe('GET /jobs/{id}', () => {
  it('says 304 to a poller until something changes', async () => {
    const until = flagFile()
    const id = await submit('wait', { until })
    const { headers } = await service.call(`GET /jobs/${id}`)
    writeFileSync(until, '')
    await service.ended(id)
    const changed = { 'if-none-match': headers.get('etag') ?? 'none' }
    const after = await service.call(`GET /jobs/${id}`, { headers: changed })
    expect(after.status).toBe(200)
    const same = { 'if-none-match': after.headers.get('etag') ?? '' }
    expect((await service.call(`GET /jobs/${id}`, { headers: same })).status).toBe(304)
  })
})

describe('DELETE /jobs/{id}', () => {
  it('deletes an ended job with its outputs, its log and the files it came with', async () => {
    const answer = await service.call('POST /processors/head/jobs', {
      form: { source: [['in.txt', 'hello world']] },
    })
    const { job_id: id } = answer.json as { job_id: string }
    expect((await service.ended(id)).status).toBe('completed')
    const { storage } = service.app.services
    const keys = async (): Promise<string[]> => {
      const all = await storage.list('', { limit: 1000 })
      return all.objects.map(({ key }) => key).filter((key) => key.includes(id))
    }
    expect((await keys()).length).toBe(3) // what came with it, what it made, and its provenance
    expect((await service.call(`DELETE /jobs/${id}`)).status).toBe(204)
    expect(await keys()).toEqual([])
    expect(existsSync(path.join(service.folder, 'data/logs', id))).toBe(false)
    expect((await service.call(`GET /jobs/${id}`)).status).toBe(404)
    expect((await service.call(`DELETE /jobs/${id}`)).json.code).toBe('job-not-found')
  })

  it('refuses one that has not ended, and says what to do first', async () => {
    const until = flagFile()
    const id = await submit('wait', { until })
    const { status, json } = await service.call(`DELETE /jobs/${id}`)
    expect([status, json.code]).toEqual([409, 'job-not-finished'])
    expect(json.detail).toContain('cancel it first')
    writeFileSync(until, '')
    await service.ended(id)
  })
})

describe('GET and PATCH /queues', () => {
  it('shows queues with limits, owners and history, used or not', async () => {
    await service.ended(await submit('shout', { text: 'b' }))
    const { queues } = queueList.strict().parse((await service.call('GET /queues')).json)
    const shout = queues.find(({ queue }) => queue === 'shout')
    expect(shout?.history?.finished).toBeGreaterThan(0)
    expect(shout?.history?.run_p50_ms).toBeGreaterThanOrEqual(0)
    expect(queues.map(({ queue }) => queue)).toContain('gather')
  })

  it('sets and takes away limits, of a queue and of one owner', async () => {
    const limited = await setQueue('shout', { max_running: 2, rate_per_minute: 600 })
    expect(queueView.strict().parse(limited.json)).toMatchObject({
      max_running: 2,
      rate_per_minute: 600,
    })
    const owned = await setQueue('shout', { owner: 'local', max_running: 1 })
    const local = (json: unknown) =>
      queueView.parse(json).owners.find(({ owner }) => owner === 'local')?.max_running
    expect(local(owned.json)).toBe(1)
    expect(owned.json.max_running).toBe(2)
    const open = await setQueue('shout', { max_running: null, rate_per_minute: null })
    expect(open.json).toMatchObject({ max_running: null, rate_per_minute: null })
    const freed = await setQueue('shout', { owner: 'local', max_running: null })
    expect(local(freed.json) ?? null).toBe(null)
  })

  it('holds a paused queue and lets it go on', async () => {
    expect((await setQueue('shout', { paused: true })).json.paused).toBe(true)
    const id = await submit('shout', { text: 'c' })
    await until(
      'it to wait for the pause',
      async () => (await service.call(`GET /jobs/${id}`)).json.waiting?.reason === 'paused',
    )
    await setQueue('shout', { paused: false })
    expect((await service.ended(id)).status).toBe('completed')
  })

  it.each([
    ['an unknown queue, with a hint', 'shuot', { paused: true }, 404, 'did you mean shout?'],
    ['nothing to change', 'shout', {}, 422, 'paused, max_running or rate_per_minute'],
    ['an unknown field', 'shout', { pause: true }, 422, ''],
    ['a limit below 0', 'shout', { max_running: -1 }, 422, ''],
    ['a pause of one owner', 'shout', { owner: 'a', paused: true }, 422, 'max_running only'],
  ])('refuses %s', async (_what, queue, change, status, hint) => {
    const answer = await setQueue(queue, change)
    expect(answer.status, answer.text).toBe(status)
    expect(answer.text).toContain(hint)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
  })
})

describe('workers', () => {
  it('shows the worker with what it runs', async () => {
    const flag = flagFile()
    const id = await submit('wait', { until: flag })
    const worker = await until('the worker to have it', async () => {
      const { workers } = workerList.strict().parse((await service.call('GET /workers')).json)
      return workers.find(({ jobs }) => jobs.some(({ job_id }) => job_id === id))
    })
    expect(worker).toMatchObject({ pid: process.pid, state: 'alive', holding: null })
    expect(worker.queues).toContain('wait')
    writeFileSync(flag, '')
    await service.ended(id)
  })

  it('does not know a worker that is not there', async () => {
    const { status, json } = await service.call('POST /workers/nobody/drain', { json: {} })
    expect([status, json.code]).toEqual([404, 'worker-not-found'])
  })
})

describe('GET /status', () => {
  it('tells of the machine under the service', async () => {
    const status = serviceStatus.strict().parse((await service.call('GET /status')).json)
    expect(status.disk?.total_bytes).toBeGreaterThan(status.disk?.free_bytes ?? Infinity)
    expect(status.backup_at).toBe(null)
  })
})

describe('submitting', () => {
  it('starts after what it depends on, and fails with it unless told otherwise', async () => {
    const flag = flagFile()
    const first = await submit('wait', { until: flag })
    const after = await submit('shout', { text: 'd' }, { depends_on: [first] })
    const job = await service.call(`GET /jobs/${after}`)
    expect(job.json).toMatchObject({
      depends_on: [first],
      waiting: { reason: 'dependency', position: 0 },
    })
    writeFileSync(flag, '')
    expect((await service.ended(after)).status).toBe('completed')

    const failing = await submit('fail', { how: 'permanent' })
    const strict = await submit('shout', { text: 'e' }, { depends_on: [failing] })
    const lenient = await submit(
      'shout',
      { text: 'f' },
      { depends_on: [failing], on_dependency: 'any' },
    )
    expect((await service.ended(strict)).problem?.code).toBe('dependency-failed')
    expect((await service.ended(lenient)).status).toBe('completed')
  })

  it('refuses dependencies that are not there', async () => {
    const json = { input: { text: 'g' }, depends_on: ['j_nobody'] }
    const answer = await service.call('POST /processors/shout/jobs', { json })
    expect(answer.status, answer.text).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(answer.text).toContain('j_nobody')
  })

  it('lets a job expire that has not started, also from the query of a form', async () => {
    await setQueue('shout', { paused: true })
    const answer = await service.call('POST /processors/shout/jobs?expires_in_seconds=0.2', {
      form: { text: 'h' },
    })
    const { job_id: id } = answer.json as { job_id: string }
    expect((await service.call(`GET /jobs/${id}`)).json.expires_at).not.toBe(null)
    expect((await service.ended(id)).problem?.code).toBe('expired')
    await setQueue('shout', { paused: false })
  })

  it('takes the processor from the form itself', async () => {
    const answer = await service.call('POST /jobs', {
      form: { processor: 'head', source: [['in.txt', 'hello world']] },
    })
    expect(answer.status, answer.text).toBe(201)
    expect((await service.ended(answer.json.job_id as string)).processor).toBe('head')
    const late = await service.call('POST /jobs', {
      form: { source: [['in.txt', 'hello']], processor: 'head' },
    })
    expect([late.status, late.json.code]).toEqual([400, 'processor-required'])
    expect(late.json.detail).toContain('before the files')
  })
})

it('lists the jobs of one owner, and nobody else’s to who may not see them', async () => {
  const mine = await service.call('GET /jobs?view=native&owner=local&limit=1')
  expect(mine.json.total).toBeGreaterThan(0)
  expect((await service.call('GET /jobs?view=native&owner=ana')).json.total).toBe(0)
})

it('needs an admin’s key for the operator’s routes, once there are keys', async () => {
  const other = await startHttpService()
  try {
    const keys = createKeys(other.app.services.database)
    const { token } = await keys.create({ owner: 'ana' })
    const { token: admin } = await keys.create({ owner: 'op', scopes: ['admin'] })
    const call = (what: string, key: string) =>
      other.call(what, { headers: { authorization: `Bearer ${key}` } })
    for (const what of ['GET /queues', 'GET /workers', 'GET /status']) {
      expect((await other.call(what)).status).toBe(401)
      expect((await call(what, token)).status).toBe(403)
      expect((await call(what, admin)).status).toBe(200)
    }
  } finally {
    await other.stop()
  }
})

// Last: a drained worker stays drained.
it('drains a worker: what runs ends, nothing more is claimed', async () => {
  const flag = flagFile()
  const running = await submit('wait', { until: flag })
  await until('it to run', async () => (await statusOf(running)) === 'running')
  const [worker] = workerList.parse((await service.call('GET /workers')).json).workers
  const drain = `POST /workers/${encodeURIComponent(worker!.worker_id)}/drain`
  const asked = await service.call(drain, { json: {} })
  expect(asked.status).toBe(202)
  expect(workerView.strict().parse(asked.json)).toMatchObject({ state: 'draining' })
  await until(
    'the worker to have heard of it',
    async () => (await service.call('GET /workers')).json.workers[0]?.holding === 'draining',
  )
  const waiting = await submit('shout', { text: 'late' })
  writeFileSync(flag, '')
  expect((await service.ended(running)).status).toBe('completed')
  await until(
    'the worker to be drained',
    async () => (await service.call('GET /workers')).json.workers[0]?.state === 'drained',
  )
  expect(await statusOf(waiting)).toBe('queued')
})
