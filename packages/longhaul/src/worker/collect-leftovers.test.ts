import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Config } from '../app/config.ts'
import type { JobEngine } from '../jobs/engine.ts'
import type { Job } from '../jobs/job.ts'
import { localStorage } from '../storage/local/index.ts'
import type { Storage } from '../storage/object-store.ts'
import { createLeftovers } from './collect-leftovers.ts'

let folder: string
let storage: Storage
const jobs = {
  running: { state: 'running', attempt: 2 },
  waiting: { state: 'retry_wait', attempt: 2 },
  failed: { state: 'failed', attempt: 2 },
  resumable: { state: 'failed', attempt: 2, checkpointAt: 1 },
  completed: { state: 'completed', attempt: 2, checkpointAt: 1 },
  cancelled: { state: 'cancelled', attempt: 2, checkpointAt: 1 },
} as unknown as Record<string, Job>
const get = (ids: readonly string[]) =>
  Promise.resolve(ids.flatMap((id) => (jobs[id] ? [{ ...jobs[id], id }] : [])))
const collect = () =>
  createLeftovers({
    config: { resultsPrefix: 'results', dataDir: folder } as Config,
    engine: { get } as unknown as JobEngine,
    storage,
  }).collect()

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-leftovers-'))
  storage = await localStorage({
    root: path.join(folder, 'objects'),
    bucket: 'b',
    secretFile: path.join(folder, 'secret'),
  })
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('keeps open uploads and checkpoints of jobs that go on, or may be retried from there', async () => {
  for (const id of [...Object.keys(jobs), 'unknown']) {
    await storage.begin(`results/${id}/a.txt`)
    await storage.put(`jobs/${id}/checkpoints/abc.2`, Buffer.from('x'))
    await storage.put(`jobs/${id}/checkpoints/abc.3`, Buffer.from('of a later attempt'))
    await storage.put(`jobs/${id}/logs/1.log`, Buffer.from('x'))
  }
  await collect()
  const uploads: string[] = []
  for await (const { key } of storage.listUploads('')) uploads.push(key.split('/')[1] ?? '')
  expect(uploads.sort()).toEqual(['resumable', 'running', 'waiting'])
  const { objects } = await storage.list('jobs/', { limit: 100 })
  const left = objects.map(({ key }) => key).filter((key) => key.includes('/checkpoints/'))
  expect(left.filter((key) => key.endsWith('.2'))).toEqual(
    ['resumable', 'running', 'waiting'].map((id) => `jobs/${id}/checkpoints/abc.2`),
  )
  // Nobody can have stored for an attempt of a job that is gone; of the others that is not ours to judge.
  expect(left.filter((key) => key.endsWith('.3'))).toHaveLength(Object.keys(jobs).length)
  expect(objects.filter(({ key }) => key.includes('/logs/'))).toHaveLength(7)
})

it('removes the workspaces of attempts that do not run', async () => {
  for (const name of ['running.1', 'running.2', 'completed.2', 'unknown.1'])
    await mkdir(path.join(folder, 'work', name), { recursive: true })
  await collect()
  expect(await readdir(path.join(folder, 'work'))).toEqual(['running.2'])
})

it('comes to every checkpoint in the end, a page at a time', async () => {
  for (let n = 10; n < 40; n++)
    await storage.put(`jobs/gone-${n}/checkpoints/abc.1`, Buffer.from('x'))
  const config = { resultsPrefix: 'results', dataDir: folder } as Config
  const engine = { get } as unknown as JobEngine
  const leftovers = createLeftovers({ config, engine, storage }, 20)
  await leftovers.collect()
  expect((await storage.list('jobs/', { limit: 2000 })).objects.length).toBe(10)
  await leftovers.collect()
  expect((await storage.list('jobs/', { limit: 2000 })).objects).toEqual([])
})
