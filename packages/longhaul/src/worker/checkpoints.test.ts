import { randomBytes } from 'node:crypto'
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Config } from '../app/config.ts'
import type { Checkpoint, Claim, JobEngine } from '../jobs/engine.ts'
import { localStorage } from '../storage/local/index.ts'
import type { Storage } from '../storage/object-store.ts'
import { resumeJob } from './resume-job.ts'
import type { WorkerParts } from './worker-parts.ts'

/** A job whose attempts follow each other; the engine keeps only what the checkpoints need. */
let folder: string
let storage: Storage
let saved: Checkpoint | undefined
let newest: number
let refuse: Error | undefined
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-job-checkpoints-'))
  storage = await localStorage({
    root: path.join(folder, 'objects'),
    bucket: 'b',
    secretFile: path.join(folder, 'secret'),
  })
  saved = undefined
  newest = 0
  refuse = undefined
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function begin(more: { version?: string; accepts?: string[]; as?: number } = {}) {
  const attempt = more.as ?? ++newest
  const workspace = path.join(folder, `j.${attempt}`)
  await mkdir(path.join(workspace, 'outputs'), { recursive: true })
  const engine = {
    get: () => Promise.resolve([{ id: 'j', attempt: newest }]),
    checkpoint: (lease: { attempt: number }, checkpoint: Checkpoint) => {
      if (refuse) return Promise.reject(refuse)
      if (lease.attempt !== newest) return Promise.resolve('lost')
      saved = JSON.parse(JSON.stringify(checkpoint)) as Checkpoint
      return Promise.resolve('saved')
    },
  } as unknown as JobEngine
  const parts = {
    engine,
    storage,
    config: { resultsPrefix: 'results' } as Config,
    log: pino({ level: 'silent' }),
  } as unknown as WorkerParts
  const claim = {
    resume: 'run',
    lease: { jobId: 'j', attempt, nonce: `n${attempt}` },
    job: { id: 'j', attempt },
    ...(saved ? { checkpoint: saved } : {}),
  } as unknown as Extract<Claim, { resume: 'run' }>
  const { version = '1', accepts } = more
  const resumed = await resumeJob(parts, claim, {
    description: {
      name: 'p',
      version,
      description: '',
      input: {},
      output: {},
      ...(accepts ? { accepts_checkpoints: accepts } : {}),
    },
    workspace,
    signal: new AbortController().signal,
  })
  if (resumed === 'lost') throw new Error('lost')
  const { outputs, checkpoints } = resumed
  return {
    ...resumed,
    workspace,
    put: (name: string, text: string) => writeFile(path.join(workspace, name), text),
    grow: (name: string, text: string) => appendFile(path.join(workspace, name), text),
    read: (name: string) => readFile(path.join(workspace, name), 'utf8'),
    async give(name: string, text: string) {
      const file = path.join(workspace, 'outputs', randomBytes(4).toString('hex'))
      await writeFile(file, text)
      await outputs.take({ name, path: file })
    },
    async save(step: number, files: string[] = [], growing: Record<string, number> = {}) {
      return checkpoints.save({
        state: { step },
        files,
        growing: Object.entries(growing).map(([at, size]) => ({ path: at, size })),
        writers: [{ step }],
      })
    },
  }
}
const keys = async () => {
  const page = await storage.list('jobs/j/checkpoints/', { limit: 1000 })
  return page.objects.map(({ key }) => key.slice('jobs/j/checkpoints/'.length))
}
const sizes = async () =>
  (await storage.list('jobs/j/checkpoints/', { limit: 1000 })).objects.map(({ size }) => size)
const openUploads = async () => {
  const uploads: string[] = []
  for await (const { uploadId } of storage.listUploads('results/')) uploads.push(uploadId)
  return uploads
}

describe('a checkpoint', () => {
  it('brings state, files and outputs to the next attempt, and nothing of what came after it', async () => {
    const first = await begin()
    expect(first.restored).toBeUndefined()
    await mkdir(path.join(first.workspace, 'deep'))
    await first.put('deep/field.bin', 'field 1')
    await first.give('a.txt', 'a')
    expect(await first.save(1, ['deep/field.bin'])).toBe('saved')
    await first.give('b.txt', 'b')
    await first.put('deep/field.bin', 'field 2')

    const second = await begin()
    expect(second.restored).toEqual({ state: { step: 1 }, writers: [{ step: 1 }] })
    expect(await second.read('deep/field.bin')).toBe('field 1')
    expect(second.outputs.list.map(({ name }) => name)).toEqual(['a.txt'])
    expect(await openUploads()).toEqual(second.outputs.list.map(({ uploadId }) => uploadId))
  })

  it('sends of a growing file only what is new, and puts it together again', async () => {
    const first = await begin()
    await first.grow('rows', 'one,')
    await first.save(1, [], { rows: 4 })
    await first.grow('rows', 'two,and more')
    await first.save(2, [], { rows: 8 })
    expect(await sizes()).toEqual([4, 4])
    await first.save(3, [], { rows: 8 })
    expect(saved?.files.map(({ size }) => size)).toEqual([4, 4])

    const second = await begin()
    expect(await second.read('rows')).toBe('one,two,')
    await second.grow('rows', 'three,')
    await second.save(4, [], { rows: 14 })
    expect(saved?.files.map(({ size }) => size)).toEqual([4, 4, 6])
    expect(await (await begin()).read('rows')).toBe('one,two,three,')
  })

  it('of many pieces becomes one again', async () => {
    const first = await begin()
    for (let step = 1; step <= 70; step++) {
      await first.grow('rows', `${step % 10}`)
      await first.save(step, [], { rows: step })
    }
    expect(saved?.files.length).toBeLessThan(10)
    expect((await (await begin()).read('rows')).length).toBe(70)
    expect((await keys()).length).toBeLessThanOrEqual(12)
  })

  it('does not send again what did not change, also on the next attempt', async () => {
    const first = await begin()
    await first.put('big', 'the same')
    await first.put('small', '1')
    await first.save(1, ['big', 'small'])
    const second = await begin()
    await second.put('small', '2')
    await second.save(2, ['big', 'small'])
    const attempts = (await keys()).map((key) => key.split('.')[1])
    expect(attempts.sort()).toEqual(['1', '1', '2'])
  })

  it('is kept twice; what is older is deleted', async () => {
    const first = await begin()
    for (let step = 1; step <= 5; step++) {
      await first.put('field', `field ${step}`)
      await first.give('again.txt', `${step}`)
      await first.save(step, ['field'])
      expect((await keys()).length).toBe(Math.min(step, 2))
      expect((await openUploads()).length).toBe(Math.min(step, 2))
    }
  })

  it('refuses what cannot be kept', async () => {
    const first = await begin()
    await expect(first.save(1, ['nothing'])).rejects.toMatchObject({ code: 'permanent' })
    await expect(first.save(1, ['../j.1'])).rejects.toMatchObject({ code: 'permanent' })
    await expect(first.save(1, ['/etc/hostname'])).rejects.toMatchObject({ code: 'permanent' })
    const state = 'x'.repeat(262_143)
    await expect(
      first.checkpoints.save({ state, files: [], growing: [], writers: [] }),
    ).rejects.toThrow('262145 bytes of JSON; it may be 262144')
  })
})

describe('an attempt that ends without success', () => {
  it('takes back what it gave away, but for what the checkpoint names', async () => {
    const first = await begin()
    await first.give('a.txt', 'a')
    await first.save(1)
    await first.give('a.txt', 'another a')
    await first.give('b.txt', 'b')
    await first.outputs.abort()
    const second = await begin()
    expect(second.outputs.list.map(({ name, size }) => [name, size])).toEqual([['a.txt', 1]])
  })

  it('keeps what it may have recorded when the answer was lost', async () => {
    const first = await begin()
    await first.put('field', '1')
    await first.save(1, ['field'])
    refuse = new Error('the line is dead')
    await first.put('field', '2')
    await first.give('a.txt', 'a')
    await expect(first.save(2, ['field'])).rejects.toThrow('the line is dead')
    await first.outputs.abort()
    expect((await openUploads()).length).toBe(1)
    expect((await keys()).length).toBe(2)
    refuse = undefined
    await first.put('field', '3')
    await first.save(3, ['field'])
    expect((await keys()).length).toBe(2)
    expect(await (await begin()).read('field')).toBe('3')
  })
})

describe('a zombie', () => {
  it('deletes nothing that the attempt after it needs, whatever it does', async () => {
    const zombie = await begin()
    await zombie.put('field', 'A')
    await zombie.give('kept.txt', 'kept')
    await zombie.save(1, ['field'])
    await zombie.put('field', 'B')
    await zombie.save(2, ['field'])

    const next = await begin()
    await next.put('field', 'A') // the very content that the zombie stored first
    await next.give('new.txt', 'new')
    await next.save(3, ['field'])

    await zombie.put('field', 'C')
    expect(await zombie.save(3, ['field'])).toBe('lost')
    await zombie.outputs.abort()
    await zombie.outputs.takeBack()

    const last = await begin()
    expect(last.restored).toMatchObject({ state: { step: 3 } })
    expect(await last.read('field')).toBe('A')
    expect(last.outputs.list.map(({ name }) => name)).toEqual(['kept.txt', 'new.txt'])
  })

  it('that comes to begin only now finds that the job is another’s', async () => {
    const first = await begin()
    await first.give('a.txt', 'a')
    newest = 3
    await expect(begin({ as: 2 })).rejects.toThrow('lost')
    expect((await openUploads()).length).toBe(1)
  })
})

describe('a checkpoint that does not fit', () => {
  const atVersion1 = async () => {
    const first = await begin()
    await first.put('field', '1')
    await first.give('a.txt', 'a')
    await first.save(1, ['field'])
  }

  it('of another version is left alone, and said in the log', async () => {
    await atVersion1()
    const second = await begin({ version: '2' })
    expect(second.restored).toBeUndefined()
    expect(second.outputs.list).toEqual([])
    expect(second.notices?.join()).toMatch(/version 1, and version 2 does not say/)
    expect(await readdir(second.workspace)).toEqual(['outputs'])
    // A worker that still has the version goes on from it.
    expect((await begin({ version: '1' })).restored).toMatchObject({ state: { step: 1 } })
  })

  it.each([[['1']], [['*']]])('is taken where the processor accepts %j', async (accepts) => {
    await atVersion1()
    expect((await begin({ version: '2', accepts })).restored).toMatchObject({ state: { step: 1 } })
  })

  it('goes when the attempt has others of its own', async () => {
    await atVersion1()
    const second = await begin({ version: '2' })
    await second.save(1)
    expect((await openUploads()).length).toBe(1)
    await second.save(2)
    expect(await openUploads()).toEqual([])
    expect(await keys()).toEqual([])
  })

  it.each(['a file', 'an output'])('because %s is gone, is not continued from', async (what) => {
    await atVersion1()
    if (what === 'a file') await storage.delete((saved?.files ?? []).map(({ key }) => key))
    else for (const output of saved?.outputs ?? []) await storage.abort(output)
    const second = await begin()
    expect(second.restored).toBeUndefined()
    expect(second.notices?.join()).toMatch(/starts clean/)
    expect(await readdir(second.workspace)).toEqual(['outputs'])
  })

  it('because a file is damaged, is not continued from', async () => {
    await atVersion1()
    for (const { key } of saved?.files ?? []) await storage.put(key, Buffer.from('2'))
    const second = await begin()
    expect(second.restored).toBeUndefined()
    expect(await readdir(second.workspace)).toEqual(['outputs'])
  })
})
