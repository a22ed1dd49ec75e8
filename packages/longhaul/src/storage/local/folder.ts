import { createHash, randomBytes } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, realpath, rm, unlink } from 'node:fs/promises'
import path from 'node:path'
import { LonghaulError } from '../../errors/index.ts'
import { isMissing } from './file-errors.ts'
import { privateFolder, segmentsOf } from '../keys.ts'
import { fateOf, ownMark } from '../../support/process-mark.ts'

/**
 * Where things lie:
 *
 *     <root>/<key>                                  an object, a plain read-only file
 *     <root>/.longhaul/records/<hh>/<hash>.json     what is known about the object of one key
 *     <root>/.longhaul/uploads/<id>/                an open multipart upload
 *     <root>/.longhaul/pieces/<hash>.<random>/      what an object made of several consists of
 *     <root>/.longhaul/tmp/<process>.<random>[.<hash>]   being written; a dead process's are swept at start
 */
export interface Folder {
  readonly root: string
  readonly uploads: string
  readonly pieces: string
  readonly tmp: string
  /** Throws 'invalid-file-name' for a key that no file system holds as it is. */
  objectPath(key: string): string
  recordPath(key: string): string
  /** The same by the hash in its name. */
  recordOf(hash: string): string
  /** A fresh name for a temporary file or folder of this process; says which record may be left over with it. */
  newTemp(key?: string): string
  /** Whether no symbolic link leads elsewhere on the way to this path. */
  isContained(file: string): Promise<boolean>
}

export async function openFolder(given: string): Promise<Folder> {
  await mkdir(given, { recursive: true })
  const root = await realpath(given)
  const own = path.join(root, privateFolder)
  const hashOf = (key: string) => createHash('sha256').update(key).digest('hex').slice(0, 40)
  const recordPathOf = (hash: string) => path.join(own, 'records', hash.slice(0, 2), `${hash}.json`)
  const folder: Folder = {
    root,
    uploads: path.join(own, 'uploads'),
    pieces: path.join(own, 'pieces'),
    tmp: path.join(own, 'tmp'),
    objectPath: (key) => path.join(root, ...segmentsOf(key)),
    recordPath: (key) => recordPathOf(hashOf(key)),
    recordOf: recordPathOf,
    newTemp(key) {
      const name = `${ownMark}.${randomBytes(8).toString('hex')}`
      return path.join(own, 'tmp', key === undefined ? name : `${name}.${hashOf(key)}`)
    },
    async isContained(file) {
      // The nearest folder that exists decides: what is missing below it cannot lead elsewhere.
      for (
        let parent = path.dirname(file);
        parent.startsWith(root);
        parent = path.dirname(parent)
      ) {
        try {
          return (await realpath(parent)) === parent
        } catch (error) {
          if (!isMissing(error)) throw error
          if (await isLink(parent)) return false // to nowhere, yet
        }
      }
      return false
    },
  }
  for (const part of [folder.uploads, folder.pieces, folder.tmp, path.join(own, 'records')]) {
    await mkdir(part, { recursive: true, mode: 0o700 })
    if ((await realpath(part)) !== part)
      throw new LonghaulError('invalid-config', `${part} must be a folder, not a symbolic link.`)
  }
  await sweep(folder, recordPathOf)
  return folder
}

const dayMs = 24 * 60 * 60 * 1000

/** Removes what processes left behind that no longer live. */
async function sweep(folder: Folder, recordPathOf: (hash: string) => string): Promise<void> {
  for (const name of await readdir(folder.tmp)) {
    const file = path.join(folder.tmp, name)
    const [mark = '', , hash] = name.split('.')
    const fate = fateOf(mark)
    if (fate === 'live') continue
    if (fate === 'unknown' && (await ageMs(file)) < dayMs) continue
    if (hash !== undefined) await removeOrphan(folder, recordPathOf(hash))
    await rm(file, { recursive: true, force: true })
  }
}

/** The record of an object whose writer died before the rename. Should it live after all, it writes the record again. */
async function removeOrphan(folder: Folder, record: string): Promise<void> {
  try {
    const { key } = JSON.parse(await readFile(record, 'utf8')) as { key: string }
    await lstat(folder.objectPath(key)).catch(() => unlink(record))
  } catch {
    // No record, or none that can be read: nothing that would mislead a reader.
  }
}

async function isLink(file: string): Promise<boolean> {
  try {
    return (await lstat(file)).isSymbolicLink()
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

async function ageMs(file: string): Promise<number> {
  try {
    return Date.now() - (await lstat(file)).mtimeMs
  } catch (error) {
    if (isMissing(error)) return 0
    throw error
  }
}
