/**
 * Makes the data directory that the upgrade tests start from: `make-data.ts CHECKOUT OUT`, where CHECKOUT is a checkout of
 * f493949, the last version with schema 0001–0003. Its own code writes everything; only the types are today's.
 */
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import type * as DatabaseModule from '../../src/database/index.ts'
import type { Claim, NewJob, Outcome, WorkerInfo } from '../../src/jobs/engine.ts'
import type * as EngineModule from '../../src/jobs/sqlite/index.ts'
import type * as KeysModule from '../../src/keys/index.ts'
import type * as LocalModule from '../../src/storage/local/index.ts'
import type * as UploadsModule from '../../src/uploads/index.ts'

const [checkout = '', out = ''] = process.argv.slice(2)
const old = async <Module>(file: string): Promise<Module> =>
  (await import(pathToFileURL(path.join(checkout, 'packages/longhaul/src', file)).href)) as Module

const { openSqlite } = await old<typeof DatabaseModule>('database/index.ts')
const { sqliteEngine } = await old<typeof EngineModule>('jobs/sqlite/index.ts')
const { createKeys, keyStatements } = await old<typeof KeysModule>('keys/index.ts')
const { localStorage } = await old<typeof LocalModule>('storage/local/index.ts')
const { createUploads, uploadStatements } = await old<typeof UploadsModule>('uploads/index.ts')

const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-0001-'))
const statements = { ...uploadStatements, ...keyStatements }
const database = await openSqlite({ path: path.join(folder, 'longhaul.db'), statements })
const engine = sqliteEngine(database)
const storage = await localStorage({
  root: path.join(folder, 'objects'),
  bucket: 'stateful-microservice',
  secretFile: path.join(folder, 'secret'),
})
const uploads = createUploads({
  database,
  storage,
  config: {
    datasetsPrefix: 'datasets',
    maxUploadBytes: 1e9,
    uploadUrlTtlSeconds: 60,
    uploadKeepSeconds: 1,
    diskFloorBytes: undefined,
  },
})

const worker: WorkerInfo = { id: 'w-old', host: 'old-host', bootId: 'boot', pid: 4711, slots: 9 }
const job = (id: string, more: Partial<NewJob> = {}): NewJob => ({
  id,
  queue: 'shout',
  processor: 'shout',
  version: '1.0',
  kind: 'processor',
  owner: 'ana',
  params: { input: { text: id } },
  ...more,
})
const problem = {
  type: '/problems/transient',
  title: 'The processor failed',
  status: 500,
  detail: 'it did not work this time',
  code: 'transient',
} as const

// Keys and uploads
const keys = createKeys(database)
const { token } = await keys.create({ owner: 'ana', scopes: ['submit'], note: 'notebook' })
await keys.revoke((await keys.create({ owner: 'bob', scopes: ['read'] })).id)

const baseUrl = 'http://127.0.0.1:9'
const start = async (name: string, more: { jobId?: string; processor?: string } = {}) => {
  const started = await uploads.start({
    owner: 'ana',
    files: [{ filename: name, sizeBytes: 6 }],
    partBytes: 5 * 1024 * 1024,
    baseUrl,
    ...more,
  })
  const [file] = started.files
  if (file === undefined) throw new Error('no session')
  return file
}
const send = async (file: Awaited<ReturnType<typeof start>>, text: string) => {
  await storage.putPart({ key: file.key, uploadId: file.storeUploadId }, 1, Buffer.from(text))
}
const whole = await start('whole.txt')
await send(whole, 'first\n')
await uploads.complete({ owner: 'ana', fileId: whole.fileId })
const file = await uploads.fileOf(whole.fileId, 'ana')
const half = await start('half.txt')
await send(half, 'half!\n')
const aborted = await start('aborted.txt')
await uploads.abort(aborted.fileId, 'ana')
const ingest = await start('ingested.txt', { jobId: 'batch-of-ingest', processor: 'measure' })
await send(ingest, 'ingest')
await uploads.complete({
  owner: 'ana',
  fileId: ingest.fileId,
  jobId: 'batch-of-ingest',
  submit: async (files, processor, also) => {
    const manifest = { files: files.map(({ uri }) => uri) }
    const params = { input: {}, manifest }
    const queue = processor ?? ''
    await engine.submit(
      [job('batch-of-ingest', { kind: 'batch', queue, processor: queue, params })],
      also,
    )
  },
})

// Jobs in every state
const run = async (id: string, outcome: Outcome, more: Partial<NewJob> = {}): Promise<Claim> => {
  const { queue = `queue-${id}` } = more
  await engine.submit([job(id, { ...more, queue })])
  const [claim] = await engine.claim(worker, [{ queue, slots: 1 }])
  if (claim === undefined) throw new Error(`${id} was not claimed`)
  await engine.touch(worker, [
    { lease: claim.lease, progress: { stage: 'shouting', percent: 50, done: 1, total: 2 } },
  ])
  await engine.append([
    { lease: claim.lease, type: 'message', data: { text: 'half way' } },
    { lease: claim.lease, type: 'output', data: { name: 'a.txt' } },
  ])
  await engine.settle([
    { lease: claim.lease, outcome, usage: { cpuMs: 7, peakRssBytes: 1_000_000, logKey: 'k' } },
  ])
  return claim
}
const put = async (jobId: string, name: string, text: string) => {
  const key = `results/${jobId}/${name}`
  const { size, sha256 = '' } = await storage.put(key, Buffer.from(text), {
    mediaType: 'text/plain',
  })
  const uri = `s3://${storage.bucket}/${key}`
  return { field: 'text', name, key, uri, size, sha256, mediaType: 'text/plain' }
}
const completed: Outcome = {
  kind: 'completed',
  result: { value: { text: 'DONE' }, outputs: [await put('completed', 'a.txt', 'DONE')] },
}
await run('completed', completed, { idempotency: { key: 'once', hash: 'h1' }, priority: 1 })
await run(
  'completed-of-bob',
  { kind: 'completed', result: { value: 1, outputs: [] } },
  { owner: 'bob' },
)
await run('failed', { kind: 'failed', problem, retry: 'never' })
await run(
  'retry-wait',
  { kind: 'failed', problem, retry: { afterMs: 60_000 } },
  { maxFailures: 3, queue: 'shout' },
)
await run('cancelled', { kind: 'cancelled' }, { owner: 'bob' })

const key = 'results/publishing/text.txt'
const uploadId = await storage.begin(key, { mediaType: 'text/plain' })
const part = await storage.putPart({ key, uploadId }, 1, Buffer.from('PUBLISHED'))
const pending = {
  name: 'text.txt',
  key,
  uri: `s3://${storage.bucket}/${key}`,
  size: 9,
  sha256: createHash('sha256').update('PUBLISHED').digest('hex'),
  mediaType: 'text/plain',
  uploadId,
  parts: [part],
}
await run(
  'publishing',
  { kind: 'publishing', result: { text: 'P' }, outputs: [pending] },
  { queue: 'shout' },
)

const leave = async (id: string, more: Partial<NewJob> = {}) => {
  await engine.submit([job(id, more)])
  const [claim] = await engine.claim(worker, [{ queue: more.queue ?? 'shout', slots: 1 }])
  if (claim?.job.id !== id) throw new Error(`${id} was not claimed`)
}
await leave('running')
await leave('running-cancel-requested')
await engine.requestCancel(['running-cancel-requested'], { scope: { owner: 'ana' } })

await engine.setQueue('shout', { maxRunning: 4, ratePerMinute: 6000 })
await engine.setQueue('held', { paused: true })
await engine.submit([
  job('queued'),
  job('queued-last', { priority: 3 }),
  job('queued-of-bob', { owner: 'bob', timeoutMs: 60_000, maxFailures: 2 }),
  job('queued-later', { delayMs: 60_000 }),
  job('queued-in-a-paused-queue', { queue: 'held' }),
  job('queued-with-a-file', {
    queue: 'measure',
    processor: 'measure',
    params: { input: { files: [file as never] } },
  }),
])
await new Promise((resolve) => setTimeout(resolve, 1100))
await uploads.expire() // 'half.txt' is past its second
const open = await start('open.txt')
await send(open, 'open!\n')
await database.close()

// As SQL
const db = new DatabaseSync(path.join(folder, 'longhaul.db'), { readOnly: true })
const all = <Row>(text: string) => db.prepare(text).all() as Row[]
const lines = ['BEGIN;']
const schema = all<{ name: string; type: string; sql: string }>(
  `SELECT name, type, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid`,
)
for (const { sql } of schema) lines.push(`${sql};`)
for (const { name, type } of schema) {
  if (type !== 'table') continue
  const columns = all<{ name: string }>(`SELECT name FROM pragma_table_info('${name}')`)
  const names = columns.map((column) => column.name)
  const values = names.map((column) => `quote(${column})`).join(` || ', ' || `)
  const rows = all<{ row: string }>(`SELECT ${values} AS row FROM ${name} ORDER BY 1`)
  for (const { row } of rows)
    lines.push(`INSERT INTO ${name} (${names.join(', ')}) VALUES (${row});`)
}
for (const { name, seq } of all<{ name: string; seq: number }>('SELECT * FROM sqlite_sequence')) {
  lines.push(
    `INSERT OR REPLACE INTO sqlite_sequence (rowid, name, seq) SELECT (SELECT rowid FROM sqlite_sequence WHERE name = '${name}'), '${name}', ${seq};`,
  )
}
lines.push('COMMIT;', '')
db.close()
await writeFile(path.join(out, 'sqlite-0003.sql'), lines.join('\n'))

// Its objects, as a copy of the directory has them: what is known of a file by its inode does not come along.
const objects: Record<string, string> = {}
const root = path.join(folder, 'objects')
for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
  const name = path.relative(root, path.join(entry.parentPath, entry.name))
  if (entry.isFile() && !name.startsWith('.longhaul/records/'))
    objects[name] = await readFile(path.join(root, name), 'utf8')
}
await writeFile(path.join(out, 'objects.json'), `${JSON.stringify(objects, undefined, 2)}\n`)
await rm(folder, { recursive: true })
process.stdout.write(`a key of ana that is in force: ${token}\n`)
