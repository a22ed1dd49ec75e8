import { expect, it } from 'vitest'
import type { QueueView } from '../jobs/engine.ts'
import type { Runner } from '../runners/runner.ts'
import { limitQueues } from './limit-queues.ts'

async function limitsAfter(before: number | undefined, concurrency: number, keepLower: boolean) {
  const view = before === undefined ? [] : [{ queue: 'q', maxRunning: before } as QueueView]
  const set: unknown[] = []
  const engine = {
    queues: async () => view,
    setQueue: async (queue: string, to: unknown) => void set.push([queue, to]),
  }
  const description = { name: 'q', concurrency } as Runner['description']
  await limitQueues(engine, new Map([['q', { description }]]), { keepLower })
  return set
}

it('limits a queue to what its processor asks for', async () => {
  expect(await limitsAfter(undefined, 4, true)).toEqual([['q', { maxRunning: 4 }]])
  expect(await limitsAfter(8, 4, true)).toEqual([['q', { maxRunning: 4 }]])
})

it('leaves a lower limit of the operator where workers come and go, and obeys the file on a laptop', async () => {
  expect(await limitsAfter(1, 4, true)).toEqual([])
  expect(await limitsAfter(1, 4, false)).toEqual([['q', { maxRunning: 4 }]])
})
