import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createApp, readConfig, type App, type ConfigOptions } from '../src/app/index.ts'
import { changeRow } from '../src/app/move-data/change-rows.ts'
import { moveData, type MoveOptions } from '../src/app/move-data/index.ts'
import { dispatch } from '../src/cli/dispatch.ts'
import { createDatabase } from '../src/database/postgres/index.ts'
import { isTerminal } from '../src/jobs/job.ts'
import { startTestPostgres, type TestPostgres } from '../src/testing/servers/postgres.ts'
import { startTestSwift, type TestSwift } from '../src/testing/servers/swift.ts'
import { layOldData } from './upgrade/old-data.ts'
import { startReceiver } from './harness/receiver.ts'
import { until } from './harness/until.ts'

const processors = path.join(import.meta.dirname, 'fixtures/upgrade-processors.ts')

let postgres: TestPostgres
let swift: TestSwift | undefined
beforeAll(async () => {
  postgres = await startTestPostgres()
  swift = await startTestSwift()
}, 120_000)
afterAll(async () => {
  await swift?.stop()
  await postgres?.stop()
})

let dataDir: string
let databaseUrl: string
let store: ConfigOptions
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'longhaul-move-'))
  databaseUrl = await createDatabase(postgres.url)
  store = swift ? { s3: swift.s3, bucket: await swift.newBucket() } : {}
  if (!swift)
    process.stderr.write('No S3 server is installed: objects stay in the data directory\n')
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

const start = (config: ConfigOptions): Promise<App> =>
  createApp({
    sources: [{ kind: 'file', path: processors }],
    config: { dataDir, leaseMs: 2000, logLevel: 'silent', ...config },
  })
const move = (more: Partial<MoveOptions> = {}) =>
  moveData({ config: readConfig({ dataDir, ...store }, {}), databaseUrl, ...more })

async function post(app: App, processor: string, input: unknown, headers = {}): Promise<string> {
  const url = `/processors/${processor}/jobs`
  const answer = await app.inject({ method: 'POST', url, payload: { input }, headers })
  expect(answer.statusCode, answer.body).toBe(201)
  return answer.json<{ job_id: string }>().job_id
}
const ended = (app: App, id: string) =>
  until(`the end of ${id}`, async () => {
    const [job] = await app.services.engine.get([id], 'everyone')
    return job && isTerminal(job.state) ? job : undefined
  })

/** A laptop's work: done, failed and waiting jobs, and a file that was uploaded. */
async function workOnLaptop() {
  await using app = await start({ bucket: store.bucket })
  const done = await post(app, 'shout', { text: 'hello' }, { 'idempotency-key': 'once' })
  await ended(app, done)
  const { storage, engine } = app.services
  const key = 'datasets/from-here/input.txt'
  await storage.put(key, Buffer.from('eleven byte'), { mediaType: 'text/plain' })
  await engine.setQueue('measure', { paused: true })
  const waiting = await post(app, 'measure', { files: [{ uri: `s3://${storage.bucket}/${key}` }] })
  return { done, waiting }
}

describe('moveData', () => {
  it('brings every row and object over, and the cluster ends what the laptop had queued', async () => {
    const { done, waiting } = await workOnLaptop()
    const moved = await move({ verify: true })
    expect(moved.tables.find(({ name }) => name === 'job')?.rows).toBe(2)
    if (swift) expect(moved.objects?.objects).toBeGreaterThanOrEqual(1)

    // The objects are not here any more, as on another host.
    if (swift) await rm(path.join(dataDir, 'objects'), { recursive: true })
    await using app = await start({ databaseUrl, ...store })
    const { engine } = app.services
    expect(await engine.recount()).toEqual([])
    const [job] = await engine.get([done], 'everyone')
    expect(job).toMatchObject({ state: 'completed', result: { value: { text: 'HELLO' } } })
    expect((await engine.read(done, 0, 50)).at(-1)?.no).toBe(job?.eventNo)
    // The key still finds its job; new ones are numbered after the old.
    expect(await post200(app, 'shout', { text: 'hello' }, 'once')).toBe(done)
    const next = await post(app, 'shout', { text: 'next' })
    expect((await ended(app, next)).seq).toBeGreaterThan(job?.seq ?? 0)

    const [held] = await engine.queues().then((all) => all.filter((one) => one.queue === 'measure'))
    expect(held).toMatchObject({ paused: true, queued: 1 })
    await engine.setQueue('measure', { paused: false })
    expect((await ended(app, waiting)).result?.value).toEqual({ bytes: 11 })
    expect(await engine.recount()).toEqual([])
  })

  it('brings callbacks that wait along, with the secret that signs them', async () => {
    const receiver = await startReceiver()
    try {
      receiver.answer = () => ({ status: 500 })
      const config = { outboundAllow: ['127.0.0.1'] }
      const secretOf = async (app: App) => (await app.inject('/callbacks/secret')).body
      let secret: string
      let id: string
      {
        await using app = await start({ ...config, bucket: store.bucket })
        const url = `/processors/shout/jobs?callback_url=${encodeURIComponent(receiver.url)}`
        const answer = await app.inject({ method: 'POST', url, payload: { input: { text: 'a' } } })
        id = answer.json<{ job_id: string }>().job_id
        await receiver.at('/')
        secret = await secretOf(app)
      }
      await move()
      receiver.answer = () => ({ status: 200 })
      await using app = await start({ ...config, databaseUrl, ...store })
      const callback = String(receiver.received[0]?.headers['webhook-id'])
      await app.inject({ method: 'POST', url: `/callbacks/${callback}/retry` })
      const [first, second] = await receiver.at('/', 2)
      expect(second?.text).toBe(first?.text)
      expect(second?.json.job_id).toBe(id)
      expect(await secretOf(app)).toBe(secret)
    } finally {
      await receiver.stop()
    }
  })

  it('only looks when it is a dry run', async () => {
    await workOnLaptop()
    const moved = await move({ dryRun: true })
    expect(moved.tables.find(({ name }) => name === 'job')?.rows).toBe(2)
    await using app = await start({ databaseUrl, ...store })
    expect((await app.services.engine.list({ scope: 'everyone' }, { limit: 1 })).total).toBe(0)
    if (swift) expect((await app.services.storage.list('', { limit: 1 })).objects).toEqual([])
  })

  it('goes on where an earlier try stopped, and refuses a database that is in use', async () => {
    await workOnLaptop()
    await move()
    await expect(move()).rejects.toMatchObject({ code: 'target-not-empty' })
    databaseUrl = await createDatabase(postgres.url)
    const again = await move()
    if (swift) expect(again.objects?.alreadyThere).toBe(again.objects?.objects)
  })

  it('refuses what is not at rest, and says all that is in the way', async () => {
    await layOldData(dataDir)
    await (await start({ roles: { api: true, worker: false } })).stop() // brings the schema up to date
    const refused = await move({ config: readConfig({ dataDir }, {}) }).catch(
      (error: unknown) => error,
    )
    expect(refused).toMatchObject({ code: 'data-in-use' })
    expect(String(refused)).toMatch(/yet to publish.*not complete/)
  })

  it('refuses while another process has the database open', async () => {
    await workOnLaptop()
    const file = path.join(dataDir, 'longhaul.db')
    const holder = spawn('sh', ['-c', 'exec 9<"$1"; echo open; exec cat', 'sh', file], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    try {
      await once(holder.stdout, 'data')
      await expect(move()).rejects.toThrow(new RegExp(`process ${holder.pid} has it open`))
    } finally {
      holder.stdin.end()
      await once(holder, 'exit')
    }
    await move()
  })

  it('keeps nothing when somebody writes meanwhile', async () => {
    await workOnLaptop()
    let written = false
    const writing = move({
      progress: () => {
        if (written) return
        written = true
        const db = new DatabaseSync(path.join(dataDir, 'longhaul.db'))
        db.exec(`UPDATE queue_state SET paused = 0`)
        db.close()
      },
    })
    if (swift) {
      await expect(writing).rejects.toThrow(/Somebody wrote to/)
      await move() // to the same database: it is as empty as before
    } else await writing
  })

  it('expires incomplete uploads that are given up, and drops checkpoints that need the old store', () => {
    const upload = { id: 'u', state: 'open', cleaned: 0 }
    expect(changeRow('upload', upload)).toEqual({ id: 'u', state: 'expired', cleaned: 1 })
    expect(changeRow('upload', { ...upload, state: 'completed' })?.['state']).toBe('completed')
    expect(changeRow('worker', { id: 'w' })).toBeUndefined()
    const manifest = (outputs: unknown[]) => ({ manifest: JSON.stringify({ outputs }) })
    expect(changeRow('job_checkpoint', manifest([{ uploadId: 'x' }]))).toBeUndefined()
    expect(changeRow('job_checkpoint', manifest([]))).toBeDefined()
  })

  it('refuses a bucket under whose name the results would not be found', async () => {
    await using app = await start({ bucket: 'elsewhere' })
    const { engine, storage } = app.services
    await engine.submit([
      {
        id: 'j1',
        queue: 'q',
        processor: 'p',
        version: '1',
        kind: 'processor',
        owner: 'local',
        params: { input: {} },
      },
    ])
    const worker = { id: 'w', host: 'h', bootId: 'b', pid: 1, slots: 1 }
    const [claim] = await engine.claim(worker, [{ queue: 'q', slots: 1 }])
    if (claim === undefined) throw new Error('nothing was claimed')
    const { size, sha256 = '' } = await storage.put('results/j1/a', Buffer.from('a'))
    const output = {
      name: 'a',
      key: 'results/j1/a',
      uri: 's3://elsewhere/results/j1/a',
      size,
      sha256,
      mediaType: 'text/plain',
    }
    await engine.settle([
      {
        lease: claim.lease,
        outcome: { kind: 'completed', result: { value: 1, outputs: [output] } },
      },
    ])
    await app.stop()
    await expect(move()).rejects.toThrow(/outputs of 1 jobs are not called .* set S3_BUCKET/)
  })
})

describe('longhaul db copy', () => {
  it('prints what it copied, and refuses with 5 what is not empty', async () => {
    await workOnLaptop()
    const { s3, bucket } = store
    const env = {
      DATABASE_URL: databaseUrl,
      LONGHAUL_DATA: dataDir,
      ...(s3 && {
        S3_ENDPOINT_URL: s3.endpoint,
        S3_ACCESS_KEY: s3.accessKey,
        S3_SECRET_KEY: s3.secretKey,
        S3_REGION: s3.region,
        S3_BUCKET: bucket,
      }),
    }
    const run = async (...argv: string[]) => {
      const said = { out: '', err: '' }
      const code = await dispatch(['db', 'copy', ...argv], {
        env,
        cwd: dataDir,
        stdout: { write: (text) => Boolean((said.out += String(text))) },
        stderr: { write: (text) => Boolean((said.err += String(text))) },
        interruption: () => new AbortController().signal,
      })
      return { code, ...said }
    }
    expect(await run('--dry-run')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^job\t2$/m),
      err: expect.stringContaining('Nothing was changed'),
    })
    expect(await run('--verify')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^job_event\t\d+$/m),
      err: expect.stringContaining('Copied and compared'),
    })
    expect(await run()).toMatchObject({ code: 5, err: expect.stringContaining('in use') })
  })
})

async function post200(app: App, processor: string, input: unknown, key: string): Promise<string> {
  const url = `/processors/${processor}/jobs`
  const headers = { 'idempotency-key': key }
  const answer = await app.inject({ method: 'POST', url, payload: { input }, headers })
  expect([200, 201]).toContain(answer.statusCode)
  return answer.json<{ job_id: string }>().job_id
}
