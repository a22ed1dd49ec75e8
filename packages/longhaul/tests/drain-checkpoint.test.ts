import { afterEach, beforeEach, expect, it } from 'vitest'
import { apiOnly, startFleet, workerOnly, type Fleet } from './harness/fleet.ts'

let fleet: Fleet
beforeEach(async () => {
  fleet = await startFleet()
})
afterEach(() => fleet.stop())

it('drained: a job that keeps checkpoints stops at one and goes on from there', async () => {
  const api = await fleet.start(apiOnly)
  const first = await fleet.start({ ...workerOnly, drainGraceMs: 20_000 })
  const id = await fleet.submit(api, 'counter', { steps: 30 })
  await fleet.job(api, id, 'its first steps', ({ progress }) => (progress?.done ?? 0) > 1)
  await first.drain()
  expect(await fleet.read(api, id)).toMatchObject({ status: 'queued', failures: 0, lost: 0 })
  await fleet.start(workerOnly)
  const end = await fleet.ended(api, id)
  expect(end).toMatchObject({ status: 'completed', failures: 0, lost: 0, attempt: 2 })
  expect((end.result as { from: number }).from).toBeGreaterThan(0)
})
