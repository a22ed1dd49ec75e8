import type { BigIntStats } from 'node:fs'
import { lstat, rm, rmdir } from 'node:fs/promises'
import path from 'node:path'
import { LonghaulError } from '../../errors/index.ts'
import type { ObjectInfo } from '../object-store.ts'
import { makeFolder, removeQuietly, renameDurably } from './durable-file.ts'
import { codeOf, isMissing } from './file-errors.ts'
import type { Folder } from './folder.ts'
import { oneAtATime } from './one-at-a-time.ts'
import type { Records, Version } from './records.ts'

export interface Source {
  /** On the volume of the store, synced, and gone afterwards. */
  readonly file: string
  readonly sha256?: string | undefined
  /** Quoted; where the SHA-256 is not known. */
  readonly etag?: string | undefined
  readonly mediaType: string
  readonly pieces?: Version['pieces']
  readonly upload?: { readonly id: string; readonly parts: string }
}

/**
 * Gives a finished file the name of its key: first the record beside that of the version before, then one rename.
 * A crash at any point leaves the old object or the new one.
 */
export async function publish(
  folder: Folder,
  records: Records,
  key: string,
  source: Source,
): Promise<ObjectInfo> {
  const target = folder.objectPath(key)
  return oneAtATime(target, async () => {
    const file = await lstat(source.file, { bigint: true })
    const version = versionOf(source, file)
    await makeRoom(folder, key, target)
    const before = await statOf(target)
    const replaced = before && (await records.find(key, before))
    for (let tries = 1; ; tries++) {
      await records.add(key, version, await statOf(target))
      try {
        await renameDurably(source.file, target)
        break
      } catch (error) {
        // A concurrent delete may have tidied the empty folder away; then the source is still there.
        if (tries === 5 || !isMissing(error) || !(await statOf(source.file)))
          throw refusal(key, error)
        await makeRoom(folder, key, target)
      }
    }
    // Renaming between two links of one file does nothing (POSIX) and leaves the other name.
    await removeQuietly(source.file)
    await keepRecord(records, key, version, target)
    if (replaced?.pieces)
      await rm(path.join(folder.pieces, replaced.pieces.id), { recursive: true, force: true })
    return infoOf(key, file, version)
  })
}

/** The file that lies there now, itself: a symbolic link is not followed. */
export async function statOf(file: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(file, { bigint: true })
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

export function infoOf(key: string, file: BigIntStats, version: Version): ObjectInfo {
  return {
    key,
    size: version.pieces?.sizes.reduce((sum, size) => sum + size, 0) ?? Number(file.size),
    etag: version.etag ?? `"${version.sha256}"`,
    lastModified: file.mtime,
    mediaType: version.media_type,
    ...(version.sha256 !== undefined && { sha256: version.sha256 }),
  }
}

function versionOf(source: Source, file: BigIntStats): Version {
  return {
    ino: String(file.ino),
    mtime_ns: String(file.mtimeNs),
    size: Number(file.size),
    ...(source.sha256 !== undefined && { sha256: source.sha256 }),
    ...(source.etag !== undefined && { etag: source.etag }),
    ...(source.pieces && { pieces: source.pieces }),
    media_type: source.mediaType,
    ...(source.upload && { upload: source.upload }),
  }
}

async function makeRoom(folder: Folder, key: string, target: string): Promise<void> {
  const contained = () => folder.isContained(target)
  try {
    if (await contained()) await makeFolder(path.dirname(target))
    // What deleting the last object below it left behind is no obstacle.
    if ((await statOf(target))?.isDirectory()) await rmdir(target)
  } catch (error) {
    throw refusal(key, error)
  }
  if (!(await contained()))
    throw new LonghaulError(
      'invalid-file-name',
      `The key ${JSON.stringify(key)} leads through a symbolic link.`,
    )
}

/** Here, unlike in S3, a name is either an object or a folder of objects. */
function refusal(key: string, error: unknown): unknown {
  if (!['ENOTDIR', 'EEXIST', 'EISDIR', 'ENOTEMPTY'].includes(codeOf(error) ?? '')) return error
  return new LonghaulError(
    'invalid-file-name',
    `The key ${JSON.stringify(key)} cannot be used: the same name is an object in one key and a folder in another.`,
    { cause: error },
  )
}

/** Another process that published the same key at the same moment may have written a record without our version. */
async function keepRecord(
  records: Records,
  key: string,
  version: Version,
  target: string,
): Promise<void> {
  const current = await statOf(target)
  if (!current || String(current.ino) !== version.ino) return
  if (!(await records.find(key, current))) await records.add(key, version, undefined)
}
