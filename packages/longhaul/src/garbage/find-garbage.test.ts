import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openInstance, type Instance } from '../app/index.ts'
import { findGarbage, removeGarbage, type Garbage } from './find-garbage.ts'

let folder: string
let instance: Instance
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-gc-'))
  instance = await openInstance({ dataDir: folder }, { create: true, local: true })
})
afterEach(async () => {
  await instance[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const hour = 3_600_000
const found = async (minAgeMs = 0, now = Date.now): Promise<Garbage[]> => {
  const all: Garbage[] = []
  for await (const one of findGarbage(instance, { minAgeMs, now })) all.push(one)
  return all
}
const keysOf = (all: readonly Garbage[]) =>
  all.map((one) =>
    one.kind === 'object' ? one.key : one.kind === 'upload' ? one.upload.key : one.path,
  )
const newJob = (id: string) => ({
  id,
  queue: 'q',
  processor: 'p',
  version: '1',
  kind: 'processor' as const,
  owner: 'o',
  params: { input: {} },
})

it('finds objects, uploads, workspaces and logs of jobs that are gone, and nothing of those that are not', async () => {
  const { engine, storage } = instance
  await engine.submit([newJob('j_here')])
  for (const id of ['j_here', 'j_gone']) {
    await storage.put(`results/${id}/a.txt`, Buffer.from('abc'))
    await storage.put(`jobs/${id}/checkpoints/f00`, Buffer.from('abc'))
    await storage.put(`datasets/${id}/in/a.txt`, Buffer.from('abc'))
    const upload = {
      key: `results/${id}/b.txt`,
      uploadId: await storage.begin(`results/${id}/b.txt`),
    }
    await storage.putPart(upload, 1, Buffer.from('part'))
    await mkdir(path.join(folder, 'logs', id), { recursive: true })
    await writeFile(path.join(folder, 'logs', id, '1.log'), 'line')
  }
  await mkdir(path.join(folder, 'work/j_here.1'), { recursive: true })
  await storage.put('somebody/else.txt', Buffer.from('abc'))
  await storage.put('results/by-hand.txt', Buffer.from('abc'))

  const garbage = await found()
  expect(keysOf(garbage).sort()).toEqual(
    [
      'results/j_gone/a.txt',
      'jobs/j_gone/checkpoints/f00',
      'datasets/j_gone/in/a.txt',
      'results/j_gone/b.txt',
      path.join(folder, 'logs/j_gone'),
      // queued: its workspace is of an attempt that does not run
      path.join(folder, 'work/j_here.1'),
    ].sort(),
  )
  expect(garbage.map(({ bytes }) => bytes).sort()).toEqual([0, 3, 3, 3, 4, 4])
  for (const one of garbage) await removeGarbage(storage, one)
  expect(await found()).toEqual([])
  expect(await storage.head('results/j_here/a.txt')).toBeDefined()
})

it('leaves alone what is young: files of a form come before their job', async () => {
  await instance.storage.put('datasets/j_coming/in/a.txt', Buffer.from('abc'))
  expect(await found(hour)).toEqual([])
  expect(await found(hour, () => Date.now() + 2 * hour)).toHaveLength(1)
})

it('goes by the age of each thing', async () => {
  const old = path.join(folder, 'logs/j_old')
  await mkdir(old, { recursive: true })
  const longAgo = new Date(Date.now() - 2 * hour)
  await utimes(old, longAgo, longAgo)
  expect(keysOf(await found(hour))).toEqual([old])
})
