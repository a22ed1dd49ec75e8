import { constants, type BigIntStats } from 'node:fs'
import { link, lstat, open, unlink, type FileHandle } from 'node:fs/promises'
import { LonghaulError } from '../../errors/index.ts'
import { mediaTypeOf } from '../media-type-of.ts'
import type { ObjectInfo } from '../object-store.ts'
import { codeOf, isMissing } from './file-errors.ts'
import type { Folder } from './folder.ts'
import { infoOf, statOf } from './publish.ts'
import type { Records, Version } from './records.ts'

export interface OpenObject {
  readonly file: FileHandle
  readonly info: ObjectInfo
  readonly ino: bigint
  /** Undefined of a file that was put there by hand: nobody vouches for its bytes. */
  readonly version: Version | undefined
}

/** Opens what lies under the key, with its record, whatever is replaced meanwhile. The caller closes the file. */
export async function openObject(
  folder: Folder,
  records: Records,
  key: string,
): Promise<OpenObject> {
  const target = folder.objectPath(key)
  if (!(await folder.isContained(target))) throw notFound(key)
  // NONBLOCK: a pipe that someone left in the folder would make open() wait for ever.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  for (;;) {
    const file = await open(target, flags).catch((error: unknown) => {
      throw isMissing(error) || ['ELOOP', 'ENXIO'].includes(codeOf(error) ?? '')
        ? notFound(key)
        : error
    })
    try {
      const stat = await file.stat({ bigint: true })
      if (!stat.isFile()) throw notFound(key)
      const found = await describe(folder, records, key, stat)
      if (found) return { file, ino: stat.ino, ...found }
    } catch (error) {
      await file.close()
      throw error
    }
    await file.close()
  }
}

export async function headObject(
  folder: Folder,
  records: Records,
  key: string,
): Promise<ObjectInfo | undefined> {
  const target = folder.objectPath(key)
  if (!(await folder.isContained(target))) return undefined
  for (;;) {
    const stat = await statOf(target)
    if (!stat?.isFile()) return undefined
    const found = await describe(folder, records, key, stat)
    if (found) return found.info
  }
}

/** Undefined, and no file at `to`, when the volume cannot link there, nobody vouches for the bytes, or they are in pieces. */
export async function linkObject(
  folder: Folder,
  records: Records,
  key: string,
  to: string,
): Promise<ObjectInfo | undefined> {
  for (;;) {
    const { file, info, ino, version } = await openObject(folder, records, key)
    try {
      if (!version || version.pieces) return undefined
      await link(folder.objectPath(key), to)
      if ((await lstat(to, { bigint: true })).ino === ino) return info
      await unlink(to) // replaced between opening and linking
    } catch (error) {
      const code = codeOf(error) ?? ''
      if (['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP'].includes(code)) return undefined
      // Gone between opening and linking: look again. Still there: it is the folder of `to` that is missing.
      const now = await statOf(folder.objectPath(key))
      if (!isMissing(error) || now?.ino === ino) throw error
    } finally {
      await file.close()
    }
  }
}

/** Undefined when the file was replaced while its record was looked for: look again. */
async function describe(
  folder: Folder,
  records: Records,
  key: string,
  stat: BigIntStats,
): Promise<Pick<OpenObject, 'info' | 'version'> | undefined> {
  const version = await records.find(key, stat)
  if (version) return { info: infoOf(key, stat, version), version }
  const now = await statOf(folder.objectPath(key))
  if (now?.ino !== stat.ino || now.mtimeNs !== stat.mtimeNs) return undefined
  const info = {
    key,
    size: Number(stat.size),
    // Put there by hand: strong as long as nobody changes it within one tick of the clock.
    etag: `"${stat.ino.toString(36)}-${stat.size.toString(36)}-${stat.mtimeNs.toString(36)}"`,
    lastModified: stat.mtime,
    mediaType: mediaTypeOf(key),
  }
  return { info, version }
}

export const notFound = (key: string) =>
  new LonghaulError('object-not-found', `There is no object ${JSON.stringify(key)}.`)
