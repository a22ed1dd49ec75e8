import { expect, it } from 'vitest'
import { isWorkerAlive, thisWorker } from './worker-identity.ts'

const here = { host: 'lab', slots: 3, version: '1.0.0' }
const alone = { oneMachine: true }
const shared = { oneMachine: false }

it('knows its own process as alive, and not another one that has its pid', () => {
  const worker = thisWorker(here)
  expect(isWorkerAlive(worker, alone)).toBe(true)
  expect(isWorkerAlive({ ...worker, id: worker.id.replace(/\d+$/, '1') }, alone)).toBe(false)
  expect(isWorkerAlive({ ...worker, pid: 2 ** 22 + 1 }, alone)).toBe(false)
})

it('takes a worker of an earlier boot for dead, unless another machine of that name may have it', () => {
  const worker = { ...thisWorker(here), bootId: 'another boot/4026531836' }
  expect(isWorkerAlive(worker, alone)).toBe(false)
  expect(isWorkerAlive(worker, shared)).toBe(true)
})

it('never declares a worker of another container dead, whatever its pid means here', () => {
  const worker = thisWorker(here)
  const [boot] = worker.bootId.split('/')
  const elsewhere = { ...worker, pid: 2 ** 22 + 1, bootId: `${boot}/1` }
  expect(isWorkerAlive(elsewhere, alone)).toBe(true)
  expect(isWorkerAlive({ ...elsewhere, bootId: boot ?? '' }, alone)).toBe(false) // an older row names none
})

it('gives two workers of one process names of their own', () => {
  expect(thisWorker(here).id).not.toBe(thisWorker(here).id)
})
