import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createApp, makeDataFolder, openEngine, openInstance, type App } from '../src/app/index.ts'
import { backUp, restoreDatabase, restoreObjects, verifyBackup } from '../src/backup/index.ts'
import type { SqliteDatabase } from '../src/database/index.ts'
import { isTerminal, type Job } from '../src/jobs/job.ts'
import { processorsFile } from './harness/http-service.ts'
import { until } from './harness/until.ts'

// Of the embedded instance only: a database server and an S3 store have their own tools.
let folder: string
let app: App
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-backup-'))
  app = await open('data')
})
afterAll(async () => {
  await app?.stop()
  await rm(folder, { recursive: true, force: true })
})

const open = (name: string): Promise<App> =>
  createApp({
    sources: [{ kind: 'file', path: processorsFile }],
    config: { dataDir: path.join(folder, name), leaseMs: 2000 },
    log: pino({ level: 'silent' }),
  })

async function submit(processor: string, input: object, to = app): Promise<string> {
  const answer = await to.inject({
    method: 'POST',
    url: `/processors/${processor}/jobs`,
    payload: { input },
  })
  expect(answer.statusCode, answer.body).toBe(201)
  return answer.json<{ job_id: string }>().job_id
}
async function submitHead(text: string): Promise<string> {
  const form = new FormData()
  form.append('source', new Blob([text]), 'in.txt')
  const body = new Response(form)
  const answer = await app.inject({
    method: 'POST',
    url: '/processors/head/jobs?',
    headers: { 'content-type': body.headers.get('content-type') ?? '' },
    payload: Buffer.from(await body.arrayBuffer()),
  })
  expect(answer.statusCode, answer.body).toBe(201)
  return answer.json<{ job_id: string }>().job_id
}
const jobOf = async (id: string, from = app): Promise<Job | undefined> =>
  (await from.services.engine.get([id], 'everyone'))[0]
const ended = (id: string, from = app): Promise<Job> =>
  until(`the end of ${id}`, async () => {
    const job = await jobOf(id, from)
    return job && isTerminal(job.state) ? job : undefined
  })
const outputText = async (job: Job, from: App): Promise<string> =>
  (await from.inject(`/jobs/${job.id}/outputs/head`)).body

const backUpTo = (name: string) =>
  backUp(
    {
      ...app.services,
      database: app.services.database as SqliteDatabase,
      openCopy: openEngine,
    },
    path.join(folder, name),
  )
async function restoreTo(from: string, name: string, rerun = false) {
  const dataDir = path.join(folder, name)
  await makeDataFolder(dataDir)
  const manifest = await restoreDatabase(path.join(folder, from), dataDir)
  await using instance = await openInstance({ dataDir }, { create: true, local: true })
  return await restoreObjects(
    path.join(folder, from),
    manifest,
    { ...instance, dataDir },
    { rerun },
  )
}

it('copies under load, restores elsewhere with every digest, and holds what had not ended', async () => {
  const done = await ended(await submitHead('hello world'))
  expect(done.state).toBe('completed')
  const flag = path.join(folder, 'flag')
  const waiting = await submit('wait', { until: flag })
  await until('it to run', async () => (await jobOf(waiting))?.state === 'running')

  // Others go on submitting and finishing while the copy is made.
  let busy = true
  const load = (async () => {
    const ids: string[] = []
    while (busy) ids.push(await submitHead(`text ${ids.length}`))
    return ids
  })()
  const { manifest, missing } = await backUpTo('backup')
  busy = false
  const written = await load
  expect(written.length).toBeGreaterThan(0)
  expect(missing).toEqual([])
  expect(manifest.deleted_meanwhile).toEqual([])
  expect((await verifyBackup(path.join(folder, 'backup'))).made_at).toBe(manifest.made_at)

  // The original goes on: what waited ends there, and the copy cannot know.
  await writeFile(flag, '')
  expect((await ended(waiting)).state).toBe('completed')
  await rm(flag)

  const restored = await restoreTo('backup', 'restored')
  expect(restored.unfinished.map(({ id }) => id)).toContain(waiting)
  expect(restored.paused).toContain('wait')

  await using copy = await open('restored')
  const again = await jobOf(done.id, copy)
  expect(await outputText(again!, copy)).toBe('hello')
  expect(again?.result?.outputs).toEqual(done.result?.outputs)
  const log = await copy.inject(`/jobs/${done.id}/logs`)
  expect(log.statusCode).toBe(200)
  // On hold until told.
  await until('the lease of the copied worker to end', async () => {
    const held = await jobOf(waiting, copy)
    return held?.state === 'queued' && held.waiting?.reason === 'paused'
  })
  await writeFile(flag, '')
  await copy.services.engine.setQueue('wait', { paused: false })
  expect((await ended(waiting, copy)).state).toBe('completed')
})

it('says which outputs were deleted while it was made, and that others are simply lost', async () => {
  const kept = await ended(await submitHead('kept'))
  const deleted = await ended(await submitHead('deleted'))
  const damaged = await ended(await submitHead('damaged'))
  const { storage } = app.services
  // Deleted just after the database was copied, and an output that nobody deleted but is not there.
  const list = storage.list.bind(storage)
  let first = true
  const racing = {
    ...app.services,
    database: app.services.database as SqliteDatabase,
    openCopy: openEngine,
    storage: {
      ...storage,
      list: async (...args: Parameters<typeof list>) => {
        if (first) {
          first = false
          await app.inject({ method: 'DELETE', url: `/jobs/${deleted.id}` })
          await storage.delete([damaged.result!.outputs[0]!.key])
        }
        return list(...args)
      },
    },
  }
  const { manifest, missing } = await backUp(racing, path.join(folder, 'racing'))
  expect(manifest.deleted_meanwhile.map(({ job_id }) => job_id)).toEqual([deleted.id])
  expect(missing.map(({ job_id }) => job_id)).toEqual([damaged.id])
  expect((await jobOf(kept.id))?.state).toBe('completed')
})

it('refuses a folder that has something, and a backup that was never finished', async () => {
  await expect(backUpTo('backup')).rejects.toThrow(/is not empty/)
  await expect(verifyBackup(path.join(folder, 'data'))).rejects.toThrow(/no complete backup/)
})

it('names the file that is damaged, and restores nothing of it as if it were whole', async () => {
  await ended(await submitHead('to be damaged'))
  await backUpTo('rotten')
  const [line] = (await readFile(path.join(folder, 'rotten/objects.jsonl'), 'utf8')).split('\n')
  const { path: file } = JSON.parse(line!) as { path: string }
  const bad = path.join(folder, 'rotten', file)
  const size = (await readFile(bad)).length
  await rm(bad) // it may be a link to the original
  await writeFile(bad, Buffer.alloc(size, 'x'))
  await expect(verifyBackup(path.join(folder, 'rotten'))).rejects.toThrow(file)
  await expect(restoreTo('rotten', 'from-rotten')).rejects.toThrow(file)
})
