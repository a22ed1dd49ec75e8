import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Lease, Outcome } from '../jobs/engine.ts'
import { localStorage } from '../storage/local/index.ts'
import type { Storage } from '../storage/object-store.ts'
import { AttemptEnding } from './attempt-ending.ts'
import { PendingOutputs } from './pending-outputs.ts'
import type { WorkerParts } from './worker-parts.ts'

const lease: Lease = { jobId: 'j', attempt: 2, nonce: 'n' }
const usage = {}
let folder: string
let storage: Storage
let outputs: PendingOutputs
let told: string[]
let verdict: 'settled' | 'lost'
let stopped: string | undefined
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-ending-'))
  storage = await localStorage({
    root: path.join(folder, 'objects'),
    bucket: 'b',
    secretFile: path.join(folder, 'secret'),
  })
  outputs = new PendingOutputs(storage, 'results/j/', folder)
  told = []
  verdict = 'settled'
  stopped = undefined
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function ending(store: Storage = storage): AttemptEnding {
  const engine = {
    settle: ([{ outcome }]: [{ outcome: Outcome }]) => {
      told.push(outcome.kind)
      return Promise.resolve([verdict])
    },
    release: () => Promise.resolve(void told.push('released')),
  }
  const parts = { engine, storage: store, log: pino({ level: 'silent' }) }
  const options = {
    logKey: 'l',
    takeProgress: () => undefined,
    completing: () => undefined,
    stopped: () => stopped,
  }
  return new AttemptEnding(parts as unknown as WorkerParts, lease, options)
}
async function give(name: string): Promise<void> {
  const file = path.join(folder, 'given')
  await writeFile(file, name)
  await outputs.take({ name, path: file })
}
const completed = { kind: 'completed', value: 'v', usage } as const
const openUploads = async () => {
  const keys: string[] = []
  for await (const { key } of storage.listUploads('')) keys.push(key)
  return keys
}

it('publishes in two steps, and drops the checkpoints before the job ends', async () => {
  await give('a')
  await storage.put('jobs/j/checkpoints/abc.2', Buffer.from('x'))
  await storage.put('jobs/j/checkpoints/abc.3', Buffer.from('of a later attempt'))
  await ending().complete(completed, outputs, true)
  expect(told).toEqual(['publishing', 'completed'])
  expect((await storage.head('results/j/a'))?.size).toBe(1)
  const { objects } = await storage.list('jobs/', { limit: 10 })
  expect(objects.map(({ key }) => key)).toEqual(['jobs/j/checkpoints/abc.3'])
})

it('a job without outputs but with checkpoints publishes too: nothing of it is left when it ends', async () => {
  await ending().complete(completed, outputs, true)
  expect(told).toEqual(['publishing', 'completed'])
  told = []
  await ending().complete(completed, outputs, false)
  expect(told).toEqual(['completed'])
})

it('that comes too late takes back its outputs, but for those of the checkpoint', async () => {
  await give('kept')
  outputs.protect(outputs.list)
  await give('own')
  verdict = 'lost'
  await ending().complete(completed, outputs, true)
  expect(told).toEqual(['publishing'])
  expect(await openUploads()).toEqual(['results/j/kept'])
})

it('gives a publication back when the worker drains while the store is away', async () => {
  await give('a')
  const away = Object.create(storage, {
    complete: {
      value: () => {
        stopped = 'drain'
        return Promise.reject(new Error('the store is away'))
      },
    },
  }) as Storage
  await ending(away).complete(completed, outputs, false)
  expect(told).toEqual(['publishing', 'released'])
  expect(await openUploads()).toEqual(['results/j/a'])
})

it('leaves a publication to the next worker when the lease is lost', async () => {
  await give('a')
  stopped = 'lost'
  await ending().publish({ result: 'v', outputs: outputs.list })
  expect(told).toEqual([])
})
