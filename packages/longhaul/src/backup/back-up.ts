import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { SqliteDatabase } from '../database/index.ts'
import { LonghaulError } from '../errors/index.ts'
import type { Config } from '../app/config.ts'
import type { JobEngine } from '../jobs/engine.ts'
import type { ObjectInfo, Storage } from '../storage/object-store.ts'
import { copyWithDigest, digestOf } from './digest.ts'
import { writeLines } from './json-lines.ts'
import { noteBackup } from './last-backup.ts'
import { manifestName, type BackupObject, type Manifest } from './manifest.ts'
import { outputsOfJobs } from './outputs-of-jobs.ts'

export interface BackupParts {
  readonly config: Config
  readonly database: SqliteDatabase
  readonly engine: JobEngine
  readonly storage: Storage
  /** Opens the copied database, to see what its jobs name. */
  readonly openCopy: (file: string) => Promise<{ readonly engine: JobEngine } & AsyncDisposable>
}
export interface BackupReport {
  readonly manifest: Manifest
  /** Outputs of jobs that are still there, and that are not: the instance itself is damaged. */
  readonly missing: readonly { readonly job_id: string; readonly key: string }[]
}

const pageSize = 500

/**
 * Copies an embedded instance into an empty folder while it works. The database comes first: every object that a finished
 * job of it names was published before, so it is there to be copied, unless somebody deletes it meanwhile; the manifest
 * says which. Objects are linked where the folder lies on the same volume: an object never changes in place.
 */
export async function backUp(
  { config, database, engine, storage, openCopy }: BackupParts,
  folder: string,
  onProgress: (objects: number, bytes: number) => void = () => {},
): Promise<BackupReport> {
  await makeEmpty(folder)
  const madeAt = new Date().toISOString()
  await database.backup(path.join(folder, 'longhaul.db'))

  const keys = new Set<string>()
  const totals = { count: 0, bytes: 0, linked: 0 }
  const objects = writeLines(path.join(folder, 'objects.jsonl'))
  for await (const { key } of objectsOf(storage)) {
    const copied = await copyObject(storage, key, folder)
    if (copied === undefined) continue
    await objects.add(copied.entry)
    keys.add(key)
    totals.count++
    totals.bytes += copied.entry.size
    if (copied.linked) totals.linked++
    onProgress(totals.count, totals.bytes)
  }
  await objects.end()

  const logs = writeLines(path.join(folder, 'logs.jsonl'))
  for (const name of await filesBelow(path.join(config.dataDir, 'logs'))) {
    const copied = await copyWithDigest(
      path.join(config.dataDir, 'logs', name),
      path.join(folder, 'logs', name),
    )
    await logs.add({ path: `logs/${name}`, ...copied })
  }
  await logs.end()
  const secret = await unlessMissing(
    copyWithDigest(path.join(config.dataDir, 'secret'), path.join(folder, 'secret')),
  )

  const gone: { job_id: string; key: string }[] = []
  {
    await using copy = await openCopy(path.join(folder, 'longhaul.db'))
    for await (const output of outputsOfJobs(copy.engine))
      if (!keys.has(output.key)) gone.push(output)
  }
  const alive = await idsOf(engine, gone)
  const manifest: Manifest = {
    format: 'longhaul-backup-1',
    made_at: madeAt,
    version: config.serviceVersion,
    database: await fileOf(folder, 'longhaul.db'),
    lists: {
      objects: await fileOf(folder, 'objects.jsonl'),
      logs: await fileOf(folder, 'logs.jsonl'),
    },
    ...(secret === undefined ? {} : { secret: { path: 'secret', ...secret } }),
    objects: totals,
    deleted_meanwhile: gone.filter(({ job_id }) => !alive.has(job_id)),
  }
  await writeFile(path.join(folder, manifestName), `${JSON.stringify(manifest, null, 2)}\n`, {
    mode: 0o600,
    flush: true,
  })
  await noteBackup(config.dataDir, { at: madeAt, folder })
  return { manifest, missing: gone.filter(({ job_id }) => alive.has(job_id)) }
}

async function makeEmpty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if ((await readdir(folder)).length === 0) return
  throw new LonghaulError(
    'backup-unusable',
    `${folder} is not empty; give each backup a folder of its own, such as ${folder}/$(date +%F).`,
  )
}

async function* objectsOf(storage: Storage): AsyncGenerator<ObjectInfo> {
  let after: string | undefined
  do {
    const page = await storage.list('', {
      limit: pageSize,
      ...(after === undefined ? {} : { after }),
    })
    yield* page.objects
    after = page.next
  } while (after !== undefined)
}

/** Undefined: deleted between the list and now. */
async function copyObject(
  storage: Storage,
  key: string,
  folder: string,
): Promise<{ readonly entry: BackupObject; readonly linked: boolean } | undefined> {
  if (storage.materialize === undefined)
    throw new LonghaulError(
      'backup-unusable',
      'Objects of this store are its own to back up (versions, replication); longhaul backs up the local store.',
    )
  const target = path.join(folder, 'objects', ...key.split('/'))
  await mkdir(path.dirname(target), { recursive: true, mode: 0o700 })
  const info = await unlessMissing(storage.materialize(key, target))
  if (info === undefined) return undefined
  const sha256 = info.sha256 ?? (await digestOf(target)).sha256
  const { nlink } = await stat(target)
  return {
    entry: { path: `objects/${key}`, key, size: info.size, sha256, media_type: info.mediaType },
    linked: nlink > 1,
  }
}

const fileOf = async (folder: string, name: string) => ({
  path: name,
  ...(await digestOf(path.join(folder, name))),
})

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await unlessMissing(readdir(folder, { recursive: true, withFileTypes: true }))
  return (entries ?? [])
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code === 'ENOENT' || code === 'object-not-found') return undefined
    throw error
  }
}

async function idsOf(
  engine: JobEngine,
  named: readonly { readonly job_id: string }[],
): Promise<ReadonlySet<string>> {
  const ids = [...new Set(named.map(({ job_id }) => job_id))]
  return new Set((await engine.get(ids, 'everyone')).map(({ id }) => id))
}
