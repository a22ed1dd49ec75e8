import { chmod, rmdir, statfs, unlink } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { LonghaulError } from '../../errors/index.ts'
import { mediaTypeOf } from '../media-type-of.ts'
import type { ByteRange, ObjectInfo, ObjectStore } from '../object-store.ts'
import { removeQuietly } from './durable-file.ts'
import { isMissing, namingErrors } from './file-errors.ts'
import { headObject, linkObject, openObject, type OpenObject } from './find-object.ts'
import type { Folder } from './folder.ts'
import { keysOf } from './list-keys.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { dropPieces, readPieces } from './pieces.ts'
import { publish, statOf, type Source } from './publish.ts'
import type { Records } from './records.ts'
import { writeFile, type WriteFileOptions } from './write-file.ts'

/** Objects are plain files, immutable once they have their name; the ETag is the quoted SHA-256. */
export function localObjects(folder: Folder, records: Records, bucket: string): ObjectStore {
  const head = (key: string) => headObject(folder, records, key)

  /** Runs with a temporary name for a file that becomes the object. */
  async function publishing(
    key: string,
    make: (temp: string) => Promise<Pick<Source, 'sha256' | 'etag' | 'mediaType'>>,
  ): Promise<ObjectInfo> {
    folder.objectPath(key) // a bad key is refused before a byte is read
    const temp = folder.newTemp(key)
    try {
      return await publish(folder, records, key, { file: temp, ...(await make(temp)) })
    } catch (error) {
      await removeQuietly(temp)
      throw error
    }
  }

  async function write(temp: string, body: Parameters<typeof writeFile>[1], o: WriteFileOptions) {
    const { sha256 } = await writeFile(temp, body, o)
    await chmod(temp, 0o444)
    return sha256
  }

  async function remove(key: string): Promise<void> {
    const target = folder.objectPath(key)
    if (!(await folder.isContained(target))) return
    await oneAtATime(target, async () => {
      const found = await statOf(target)
      if (found && !found.isFile()) return
      const version = found && (await records.find(key, found))
      if (found) await unlink(target).catch(unlessMissing)
      await records.remove(key)
      if (version?.pieces) await dropPieces(folder, version.pieces)
    })
    await tidy(folder, path.dirname(target))
  }

  async function bodyOf({ file, info, version }: OpenObject, range?: ByteRange): Promise<Readable> {
    const { start, end } = within(range, info)
    if (!version?.pieces)
      return file.createReadStream(
        range ? { start, end, highWaterMark: readBytes } : { highWaterMark: readBytes },
      )
    const body = await readPieces(folder, version.pieces, { start, end })
    await file.close()
    return body
  }

  return {
    bucket,
    put: (key, body, options = {}) =>
      namingErrors(() =>
        publishing(key, async (temp) => ({
          sha256: await write(temp, body, { sha256: options.sha256, signal: options.signal }),
          mediaType: options.mediaType ?? mediaTypeOf(key),
        })),
      ),
    get: (key, range) =>
      namingErrors(async () => {
        const opened = await openObject(folder, records, key)
        try {
          return { info: opened.info, body: await bodyOf(opened, range) }
        } catch (error) {
          await opened.file.close()
          throw error
        }
      }),
    head: (key) => namingErrors(() => head(key)),
    list: (prefix, { after, limit }) =>
      namingErrors(async () => {
        const keys: string[] = []
        let next: string | undefined
        for await (const key of keysOf(folder, prefix, after)) {
          if (keys.length === limit) {
            next = keys.at(-1)
            break
          }
          keys.push(key)
        }
        const objects: ObjectInfo[] = []
        for (let at = 0; at < keys.length; at += 32)
          for (const info of await Promise.all(keys.slice(at, at + 32).map(head)))
            if (info) objects.push(info)
        return next === undefined ? { objects } : { objects, next }
      }),
    copy: (from, to) =>
      namingErrors(() =>
        publishing(to, async (temp) => {
          const linked = await linkObject(folder, records, from, temp)
          if (linked) {
            const { sha256, etag, mediaType } = linked
            return { sha256, mediaType, ...(sha256 === undefined && { etag }) }
          }
          const opened = await openObject(folder, records, from)
          const { sha256, mediaType } = opened.info
          return { sha256: await write(temp, await bodyOf(opened), { sha256 }), mediaType }
        }),
      ),
    delete: (keys) =>
      namingErrors(async () => {
        for (const key of keys) await remove(key)
      }),
    materialize: (key, to) =>
      namingErrors(async () => {
        const linked = await linkObject(folder, records, key, to)
        if (linked) return linked
        const opened = await openObject(folder, records, key)
        const { info } = opened
        const { sha256 } = await writeFile(to, await bodyOf(opened), { sha256: info.sha256 })
        return { ...info, sha256 }
      }),
    async freeBytes() {
      const { bavail, blocks, bsize } = await statfs(folder.root)
      return { free: bavail * bsize, total: blocks * bsize }
    },
  }
}

const unlessMissing = (error: unknown) => {
  if (!isMissing(error)) throw error
}

/** Removes the folders that held nothing else; publishing makes them again when it has to. */
async function tidy(folder: Folder, from: string): Promise<void> {
  for (let at = from; at !== folder.root && at.startsWith(folder.root); at = path.dirname(at)) {
    try {
      await rmdir(at)
    } catch {
      return
    }
  }
}

const readBytes = 256 * 1024

function within(range: ByteRange | undefined, { key, size }: ObjectInfo) {
  if (!range) return { start: 0, end: size - 1 }
  const end = Math.min(range.end ?? size - 1, size - 1)
  const isWhole = Number.isSafeInteger(range.start) && Number.isSafeInteger(end)
  if (!isWhole || range.start < 0 || range.start > end)
    throw new LonghaulError(
      'range-not-satisfiable',
      `The object ${JSON.stringify(key)} has ${size} bytes; the range asked for lies outside.`,
      { facts: { size_bytes: size } },
    )
  return { start: range.start, end }
}
