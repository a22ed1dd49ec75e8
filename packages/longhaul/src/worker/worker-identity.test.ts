import { expect, it } from 'vitest'
import { isWorkerAlive, thisWorker } from './worker-identity.ts'

it('knows its own process as alive, and not another one that has its pid', () => {
  const worker = thisWorker(3)
  expect(isWorkerAlive(worker)).toBe(true)
  expect(isWorkerAlive({ ...worker, id: worker.id.replace(/\d+$/, '1') })).toBe(false)
  expect(isWorkerAlive({ ...worker, bootId: 'another boot' })).toBe(false)
  expect(isWorkerAlive({ ...worker, pid: 2 ** 22 + 1 })).toBe(false)
})
