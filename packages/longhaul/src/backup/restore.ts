import { createReadStream } from 'node:fs'
import { copyFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { JobEngine } from '../jobs/engine.ts'
import type { Job } from '../jobs/job.ts'
import type { Storage } from '../storage/object-store.ts'
import { copyWithDigest, digestOrNothing, expectSame } from './digest.ts'
import { readLines } from './json-lines.ts'
import { parseFile, parseObject, readManifest, type BackupFile, type Manifest } from './manifest.ts'
import { jobsOf, outputsOfJobs } from './outputs-of-jobs.ts'

type Progress = (files: number) => void

/** Reads every byte of a backup and compares it with the manifest. Throws 'backup-unusable' at the first that differs. */
export async function verifyBackup(
  folder: string,
  onProgress: Progress = () => {},
): Promise<Manifest> {
  const manifest = await readManifest(folder)
  const check = async (file: BackupFile): Promise<void> =>
    expectSame(file, await digestOrNothing(inside(folder, file.path)))
  for (const file of ownFiles(manifest)) await check(file)
  let files = 0
  for await (const line of readLines(inside(folder, manifest.lists.objects.path))) {
    await check(parseObject(line))
    onProgress(++files)
  }
  for await (const line of readLines(inside(folder, manifest.lists.logs.path))) {
    await check(parseFile(line))
    onProgress(++files)
  }
  return manifest
}

/** Copies the database into an empty data directory; what is opened there next is the instance to restore objects into. */
export async function restoreDatabase(folder: string, dataDir: string): Promise<Manifest> {
  const manifest = await readManifest(folder)
  for (const file of ownFiles(manifest))
    expectSame(file, await digestOrNothing(inside(folder, file.path)))
  const { path: name } = manifest.database
  expectSame(
    manifest.database,
    await copyWithDigest(inside(folder, name), path.join(dataDir, 'longhaul.db')),
  )
  if (manifest.secret) await copyFile(inside(folder, 'secret'), path.join(dataDir, 'secret'))
  return manifest
}

export interface Restored {
  readonly objects: number
  readonly bytes: number
  /** Jobs that had not ended when the backup was made; since then they may have. */
  readonly unfinished: readonly Job[]
  /** Queues that were paused for their sake. */
  readonly paused: readonly string[]
}

/**
 * Puts the objects back, each compared with its digest on the way, and checks that every finished job has its outputs. Queues
 * with unfinished jobs are paused unless `rerun` says that these may start.
 */
export async function restoreObjects(
  folder: string,
  manifest: Manifest,
  to: { readonly engine: JobEngine; readonly storage: Storage; readonly dataDir: string },
  options: { readonly rerun: boolean; readonly onProgress?: Progress },
): Promise<Restored> {
  const keys = new Set<string>()
  let bytes = 0
  for await (const line of readLines(inside(folder, manifest.lists.objects.path))) {
    const entry = parseObject(line)
    await putBack(to.storage, inside(folder, entry.path), entry)
    keys.add(entry.key)
    bytes += entry.size
    options.onProgress?.(keys.size)
  }
  for await (const line of readLines(inside(folder, manifest.lists.logs.path))) {
    const log = parseFile(line)
    const target = inside(to.dataDir, log.path)
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 })
    expectSame(log, await copyWithDigest(inside(folder, log.path), target))
  }
  const known = new Set(manifest.deleted_meanwhile.map(({ key }) => key))
  for await (const { job_id, key } of outputsOfJobs(to.engine))
    if (!keys.has(key) && !known.has(key))
      expectSame({ path: `${key}, an output of job ${job_id},`, size: 0, sha256: '' }, undefined)

  const unfinished: Job[] = []
  for await (const job of jobsOf(to.engine, ['queued', 'running', 'retry_wait', 'paused']))
    unfinished.push(job)
  const paused = options.rerun ? [] : [...new Set(unfinished.map(({ queue }) => queue))].sort()
  for (const queue of paused) await to.engine.setQueue(queue, { paused: true })
  return { objects: keys.size, bytes, unfinished, paused }
}

/** The store refuses bytes of another digest: what is restored is what was backed up, or nothing. */
async function putBack(
  storage: Storage,
  file: string,
  entry: {
    readonly key: string
    readonly sha256: string
    readonly media_type: string
  } & BackupFile,
): Promise<void> {
  try {
    await storage.put(entry.key, createReadStream(file), {
      mediaType: entry.media_type,
      sha256: entry.sha256,
    })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Said once more by name: which file of the backup it was, and how it differs.
    if (code === 'checksum-mismatch' || code === 'ENOENT')
      expectSame(entry, await digestOrNothing(file))
    throw error
  }
}

const ownFiles = ({ database, lists, secret }: Manifest): readonly BackupFile[] => [
  database,
  lists.objects,
  lists.logs,
  ...(secret ? [secret] : []),
]

/** A manifest is a file like any other: what it names stays below its folder. */
function inside(folder: string, name: string): string {
  const found = path.resolve(folder, ...name.split('/'))
  if (found.startsWith(path.resolve(folder) + path.sep)) return found
  throw new Error(`${name} would leave ${folder}`)
}
