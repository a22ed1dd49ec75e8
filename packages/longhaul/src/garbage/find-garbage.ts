import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Config } from '../app/config.ts'
import type { Database } from '../database/database.ts'
import type { JobEngine } from '../jobs/engine.ts'
import { isTerminal, type Job } from '../jobs/job.ts'
import type { ObjectInfo, Storage, UploadRef } from '../storage/object-store.ts'

export interface GarbageParts {
  readonly config: Pick<Config, 'dataDir' | 'resultsPrefix' | 'datasetsPrefix'>
  readonly database: Pick<Database, 'read'>
  readonly engine: Pick<JobEngine, 'get'>
  readonly storage: Storage
}
export type Garbage = {
  readonly bytes: number
  readonly why: string
} & (
  | { readonly kind: 'object'; readonly key: string }
  | { readonly kind: 'upload'; readonly upload: UploadRef }
  | { readonly kind: 'workspace' | 'log'; readonly path: string }
)

const pageSize = 500

/**
 * Everything older than `minAgeMs` that no job needs. Files of a form lie in the store before their job is there, so that
 * what is young may still get one.
 */
export async function* findGarbage(
  parts: GarbageParts,
  { minAgeMs, now = Date.now }: { readonly minAgeMs: number; readonly now?: () => number },
): AsyncGenerator<Garbage> {
  const isOld = (at: Date): boolean => now() - at.getTime() >= minAgeMs
  const { config } = parts
  yield* orphanObjects(parts, 'jobs/', isOld)
  yield* orphanObjects(parts, `${config.resultsPrefix}/`, isOld)
  yield* orphanObjects(parts, `${config.datasetsPrefix}/`, isOld)
  yield* deadUploads(parts, isOld)
  yield* folders(parts, 'work', 'workspace', isOld)
  yield* folders(parts, 'logs', 'log', isOld)
}

export async function removeGarbage(storage: Storage, garbage: Garbage): Promise<void> {
  if (garbage.kind === 'object') await storage.delete([garbage.key])
  else if (garbage.kind === 'upload') await storage.abort(garbage.upload)
  else await rm(garbage.path, { recursive: true, force: true })
}

async function* orphanObjects(
  parts: GarbageParts,
  prefix: string,
  isOld: (at: Date) => boolean,
): AsyncGenerator<Garbage> {
  for await (const objects of pagesOf(parts.storage, prefix)) {
    const idOf = (key: string): string => key.slice(prefix.length).split('/')[0] ?? ''
    const jobs = await jobsOf(
      parts,
      objects.map(({ key }) => idOf(key)),
    )
    for (const { key, size, lastModified } of objects) {
      const id = idOf(key)
      // A file that lies in no folder of a job is somebody's own.
      if (!key.slice(prefix.length).includes('/')) continue
      if (jobs.has(id) || !isOld(lastModified) || (await isUpload(parts, key))) continue
      yield { kind: 'object', key, bytes: size, why: `there is no job ${id}` }
    }
  }
}

async function* pagesOf(storage: Storage, prefix: string): AsyncGenerator<readonly ObjectInfo[]> {
  let after: string | undefined
  do {
    const page = await storage.list(prefix, {
      limit: pageSize,
      ...(after === undefined ? {} : { after }),
    })
    yield page.objects
    after = page.next
  } while (after !== undefined)
}

/** A file that was uploaded for jobs to come. One that came for a single job goes with that job. */
async function isUpload({ database }: GarbageParts, key: string): Promise<boolean> {
  const rows = await database.read<{ state: string; job_id: string | null; consumed_at: unknown }>(
    'upload.of-key',
    [key],
  )
  return rows.some(
    ({ state, job_id, consumed_at }) =>
      (state === 'open' || state === 'completed') && (job_id === null || consumed_at === null),
  )
}

async function* deadUploads(
  parts: GarbageParts,
  isOld: (at: Date) => boolean,
): AsyncGenerator<Garbage> {
  const prefix = `${parts.config.resultsPrefix}/`
  const uploads: (UploadRef & { readonly startedAt: Date })[] = []
  for await (const upload of parts.storage.listUploads(prefix)) uploads.push(upload)
  const idOf = (key: string): string => key.slice(prefix.length).split('/')[0] ?? ''
  const jobs = await jobsOf(
    parts,
    uploads.map(({ key }) => idOf(key)),
  )
  for (const { key, uploadId, startedAt } of uploads) {
    const job = jobs.get(idOf(key))
    if (mayContinue(job) || !isOld(startedAt)) continue
    const sizes = await parts.storage.listParts({ key, uploadId }).catch(() => [])
    yield {
      kind: 'upload',
      upload: { key, uploadId },
      bytes: sizes.reduce((sum, { size }) => sum + size, 0),
      why: job === undefined ? `there is no job ${idOf(key)}` : `job ${job.id} has ${job.state}`,
    }
  }
}

/** A failed job may be retried from its checkpoint, and outputs that this names are open uploads. */
const mayContinue = (job: Job | undefined): boolean =>
  job !== undefined &&
  (!isTerminal(job.state) || (job.state === 'failed' && job.checkpointAt !== undefined))

/** `work/<job>.<attempt>` and `logs/<job>`. */
async function* folders(
  parts: GarbageParts,
  folder: 'work' | 'logs',
  kind: 'workspace' | 'log',
  isOld: (at: Date) => boolean,
): AsyncGenerator<Garbage> {
  const at = path.join(parts.config.dataDir, folder)
  const names = await readdir(at).catch(() => [])
  const idOf = (name: string): string =>
    kind === 'log' ? name : name.slice(0, Math.max(0, name.lastIndexOf('.')))
  const jobs = await jobsOf(parts, names.map(idOf))
  for (const name of names) {
    const job = jobs.get(idOf(name))
    const attempt = Number(name.slice(name.lastIndexOf('.') + 1))
    const isNeeded =
      kind === 'log' ? job !== undefined : job?.state === 'running' && job.attempt === attempt
    const file = path.join(at, name)
    const found = await stat(file).catch(() => undefined)
    if (isNeeded || found === undefined || !isOld(found.mtime)) continue
    yield {
      kind,
      path: file,
      bytes: await bytesBelow(file),
      why:
        job === undefined
          ? `there is no job ${idOf(name)}`
          : `attempt ${attempt} does not run any more`,
    }
  }
}

async function jobsOf(
  { engine }: GarbageParts,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Job>> {
  const distinct = [...new Set(ids)].filter((id) => id !== '')
  const found = new Map<string, Job>()
  for (let at = 0; at < distinct.length; at += pageSize)
    for (const job of await engine.get(distinct.slice(at, at + pageSize), 'everyone'))
      found.set(job.id, job)
  return found
}

async function bytesBelow(folder: string): Promise<number> {
  let sum = 0
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  for (const entry of entries)
    if (entry.isFile())
      sum += await stat(path.join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      )
  return sum
}
