import { afterEach, beforeEach, expect, it } from 'vitest'
import { apiOnly, startFleet, workerOnly, type Fleet } from './harness/fleet.ts'
import { processesMarked } from './harness/processes.ts'
import { until } from './harness/until.ts'

let fleet: Fleet
beforeEach(async () => {
  fleet = await startFleet({ leaseMs: 2000 })
})
afterEach(() => fleet.stop())

it('a worker that is killed on another host costs its job one lease; nothing it started is left', async () => {
  const api = await fleet.start(apiOnly)
  const elsewhere = await fleet.startProcess({ ...workerOnly, hostName: 'elsewhere' })
  const id = await fleet.submit(api, 'sleeper', { ms: 3000 })
  await fleet.job(api, id, 'its start', ({ progress }) => progress?.message === 'asleep')
  const ofThem = () => processesMarked(`LONGHAUL_SUPERVISOR=${elsewhere.child.pid}:`)
  expect(ofThem().length).toBeGreaterThan(0)
  await elsewhere.kill('SIGKILL')
  const [lost] = (await api.services.engine.workers()).filter(({ host }) => host === 'elsewhere')
  expect(lost?.jobs.map((job) => job.id)).toEqual([id])
  await fleet.start({ ...workerOnly, hostName: 'here' })
  expect(await fleet.ended(api, id)).toMatchObject({ status: 'completed', attempt: 2, lost: 1 })
  await until('no process of it', () => ofThem().length === 0)
})

it('a worker that is killed on this host is found at the next start, and nobody waits for its lease', async () => {
  const api = await fleet.start({ ...apiOnly, leaseMs: 600_000, hostName: 'here' })
  const first = await fleet.startProcess({ ...workerOnly, leaseMs: 600_000, hostName: 'here' })
  const id = await fleet.submit(api, 'sleeper', { ms: 500 })
  await fleet.job(api, id, 'its start', ({ status }) => status === 'running')
  await first.kill('SIGKILL')
  await fleet.start({ ...workerOnly, leaseMs: 600_000, hostName: 'here' })
  expect(await fleet.ended(api, id)).toMatchObject({ status: 'completed', attempt: 2 })
})

it('a worker in a process of its own drains on SIGTERM, and its row goes with it', async () => {
  const api = await fleet.start(apiOnly)
  const worker = await fleet.startProcess({ ...workerOnly, hostName: 'elsewhere' })
  const id = await fleet.submit(api, 'sleeper', { ms: 600_000 })
  await fleet.job(api, id, 'its start', ({ progress }) => progress?.message === 'asleep')
  await worker.kill('SIGTERM')
  expect(await fleet.read(api, id)).toMatchObject({ status: 'queued', failures: 0, lost: 0 })
  expect(await api.services.engine.workers()).toEqual([])
})
