import { afterEach, beforeEach, expect, it } from 'vitest'
import { apiOnly, startFleet, workerOnly, type Fleet } from './harness/fleet.ts'
import { processesMarked } from './harness/processes.ts'
import { until } from './harness/until.ts'

let fleet: Fleet
beforeEach(async () => {
  fleet = await startFleet({ leaseMs: 10_000 })
})
afterEach(() => fleet.stop())

it('an API without a worker takes jobs, checks their input, and keeps no child', async () => {
  const api = await fleet.start(apiOnly)
  expect(api.worker).toBeUndefined()
  expect(processesMarked(api.services.config.dataDir)).toEqual([])
  const wrong = await api.inject({
    method: 'POST',
    url: '/processors/sleeper/jobs',
    payload: { input: { ms: 'long' } },
  })
  expect(wrong.statusCode).toBe(422)
  const id = await fleet.submit(api, 'sleeper', { ms: 0 })
  expect(await fleet.read(api, id)).toMatchObject({ status: 'queued' })
  const worker = await fleet.start(workerOnly)
  expect(await fleet.ended(api, id)).toMatchObject({ status: 'completed', result: { slept: 0 } })
  expect((await worker.inject('/jobs')).statusCode).toBe(404)
  expect((await worker.inject('/health/live')).statusCode).toBe(200)
})

it('a cancel reaches a worker in another process', async () => {
  const api = await fleet.start(apiOnly)
  await fleet.start(workerOnly)
  const id = await fleet.submit(api, 'sleeper', { ms: 600_000 })
  await fleet.job(api, id, 'its start', ({ progress }) => progress?.message === 'asleep')
  await api.inject({ method: 'POST', url: `/jobs/${id}/cancel` })
  expect(await fleet.ended(api, id)).toMatchObject({ status: 'cancelled' })
})

it('the log of an attempt is read from the API, while it runs and after, wherever it ran', async () => {
  const api = await fleet.start(apiOnly)
  await fleet.start(workerOnly)
  const id = await fleet.submit(api, 'sleeper', { ms: 600_000, says: 'good night' })
  const log = async () => (await api.inject(`/jobs/${id}/logs`)).body
  await until('what it said', async () => (await log()) === 'good night\n')
  await api.inject({ method: 'POST', url: `/jobs/${id}/cancel` })
  await fleet.ended(api, id)
  expect(await log()).toMatch(/^good night\n[^]*CancelledError/)
})

it('drained: what can finish within the grace finishes, what cannot goes back uncounted and runs elsewhere', async () => {
  const api = await fleet.start(apiOnly)
  const first = await fleet.start({ ...workerOnly, drainGraceMs: 3000 })
  const quick = await fleet.submit(api, 'sleeper', { ms: 1500 })
  const slow = await fleet.submit(api, 'sleeper', { ms: 6000 })
  for (const id of [quick, slow])
    await fleet.job(api, id, 'its start', ({ progress }) => progress?.message === 'asleep')
  const drained = first.drain()
  const late = await fleet.submit(api, 'sleeper', { ms: 0 })
  await drained
  expect(await fleet.read(api, quick)).toMatchObject({ status: 'completed', attempt: 1 })
  expect(await fleet.read(api, slow)).toMatchObject({ status: 'queued', failures: 0, lost: 0 })
  expect(await fleet.read(api, late)).toMatchObject({ status: 'queued', attempt: 0 })
  await fleet.start(workerOnly)
  expect(await fleet.ended(api, slow)).toMatchObject({ status: 'completed', lost: 0, attempt: 2 })
  expect(await fleet.ended(api, late)).toMatchObject({ status: 'completed' })
})

it('a rolling restart moves jobs on, loses none and counts nothing', async () => {
  const api = await fleet.start(apiOnly)
  let workers = [await fleet.start(workerOnly), await fleet.start(workerOnly)]
  const ids: string[] = []
  for (let i = 0; i < 12; i++) ids.push(await fleet.submit(api, 'sleeper', { ms: 700 }))
  for (const old of workers) {
    workers = [...workers.slice(1), await fleet.start(workerOnly)]
    await old.stop()
  }
  const ends = await Promise.all(ids.map((id) => fleet.ended(api, id)))
  expect(ends.map(({ status, failures, lost }) => ({ status, failures, lost }))).toEqual(
    ids.map(() => ({ status: 'completed', failures: 0, lost: 0 })),
  )
})

it('without room on its disk a worker claims nothing, says so, and goes on with what runs; cancel works', async () => {
  const api = await fleet.start(apiOnly)
  const worker = await fleet.start({ ...workerOnly, diskFloorBytes: 2 ** 60 })
  const id = await fleet.submit(api, 'sleeper', { ms: 0 })
  await until('the worker to hold', () => worker.worker?.holding === 'disk')
  const view = await until('the others to know', async () =>
    (await api.services.engine.workers()).find(({ holding }) => holding === 'disk'),
  )
  expect(view.jobs).toEqual([])
  expect(await fleet.read(api, id)).toMatchObject({ status: 'queued', attempt: 0 })
  await fleet.job(api, id, 'the reason', ({ waiting }) => waiting?.reason === 'disk')
  await api.inject({ method: 'POST', url: `/jobs/${id}/cancel` })
  expect(await fleet.read(api, id)).toMatchObject({ status: 'cancelled' })
})

it('metrics tell of the fleet and of how attempts end, and hold no id', async () => {
  const api = await fleet.start(apiOnly)
  const worker = await fleet.start(workerOnly)
  const id = await fleet.submit(api, 'sleeper', { ms: 0 })
  await fleet.ended(api, id)
  const told = (await api.inject('/metrics')).body
  expect(told).toMatch(/^longhaul_workers{state="working"} 1$/m)
  expect(told).toMatch(/^longhaul_leases_expired 0$/m)
  expect(told).toMatch(/^longhaul_queue_oldest_ready_seconds{queue="sleeper"} 0$/m)
  const own = (await worker.inject('/metrics')).body
  expect(own).toMatch(/^longhaul_attempts_total{processor="sleeper",end="completed"} 1$/m)
  expect(told + own).not.toContain(id)
  await until('readiness', async () => (await worker.inject('/health/ready')).statusCode === 200)
})

it('a drain that the operator orders is carried out, and told', async () => {
  const api = await fleet.start(apiOnly)
  const worker = await fleet.start({ ...workerOnly, drainGraceMs: 0 })
  const id = await fleet.submit(api, 'sleeper', { ms: 600_000 })
  await fleet.job(api, id, 'its start', ({ progress }) => progress?.message === 'asleep')
  const [view] = await api.services.engine.workers()
  expect(await api.services.engine.drainWorker(view?.id ?? '')).toBe(true)
  await worker.worker?.drained
  expect(await fleet.read(api, id)).toMatchObject({ status: 'queued', failures: 0, lost: 0 })
  expect(worker.worker?.holding).toBe('draining')
})

it('a start that fails after its processors were opened leaves no child', async () => {
  let opened = 0
  const failing = fleet.start({}, (storage) => {
    // Asked for when the routes are made; by then the children are there.
    const get = (): never => {
      opened = processesMarked(fleet.folder).length
      throw new Error('the store is odd')
    }
    return Object.create(storage, { signedUrls: { get } }) as typeof storage
  })
  await expect(failing).rejects.toThrow('the store is odd')
  expect(opened).toBeGreaterThan(0)
  expect(processesMarked(fleet.folder)).toEqual([])
})
