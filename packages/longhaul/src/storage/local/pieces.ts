import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { checkSha256 } from '../check-bytes.ts'
import { mediaTypeOf } from '../media-type-of.ts'
import type { ObjectInfo } from '../object-store.ts'
import { removeQuietly, syncFolder } from './durable-file.ts'
import { codeOf, isMissing } from './file-errors.ts'
import { openObject, type OpenObject } from './find-object.ts'
import type { Folder } from './folder.ts'
import { readThrough } from './hash-file.ts'
import { publish, statOf } from './publish.ts'
import type { Records, Version } from './records.ts'
import { writeFile as writeDurably } from './write-file.ts'

type Pieces = NonNullable<Version['pieces']>

const readBytes = 256 * 1024
/** Read through when it is made: the digest of the whole is worth a moment. */
const smallBytes = 64 * 1024 * 1024
const hourMs = 60 * 60 * 1000

const folderOf = (folder: Folder, { id }: { readonly id: string }) => path.join(folder.pieces, id)
const pieceOf = (folder: Folder, pieces: { readonly id: string }, n: number) =>
  path.join(folderOf(folder, pieces), String(n))

/**
 * One object of several, whose bytes stay where they are: the pieces are further names of their files, which live on when
 * the objects are deleted. What has the object's own name is a note of a few bytes; its record knows the pieces.
 */
export async function concatenate(
  folder: Folder,
  records: Records,
  from: readonly string[],
  to: string,
  options: { readonly mediaType?: string; readonly sha256?: string },
): Promise<ObjectInfo> {
  folder.objectPath(to)
  const temp = folder.newTemp()
  const note = folder.newTemp(to)
  // The record of the key tells later whether anybody still needs the folder.
  const id = `${path.basename(folder.recordPath(to), '.json')}.${randomBytes(8).toString('hex')}`
  try {
    await mkdir(temp, { mode: 0o700 })
    const sizes: number[] = []
    const etags: string[] = []
    for (const key of from) {
      const opened = await openObject(folder, records, key)
      try {
        etags.push(opened.info.etag)
        await takePieces(folder, key, opened, temp, sizes)
      } finally {
        await opened.file.close()
      }
    }
    await syncFolder(temp)
    await rename(temp, path.join(folder.pieces, id))
    await syncFolder(folder.pieces)
    const pieces = { id, sizes }
    const size = sizes.reduce((sum, one) => sum + one, 0)
    const isRead = options.sha256 !== undefined || size <= smallBytes
    const sha256 = isRead ? await hashOf(folder, pieces) : undefined
    if (sha256 !== undefined) checkSha256(sha256, options.sha256)
    await writeDurably(note, Buffer.from(`${JSON.stringify({ pieces: id, sizes })}\n`))
    return await publish(folder, records, to, {
      file: note,
      ...(sha256 === undefined ? { etag: etagOf(etags) } : { sha256 }),
      mediaType: options.mediaType ?? mediaTypeOf(to),
      pieces,
    })
  } catch (error) {
    await removeQuietly(note)
    await rm(temp, { recursive: true, force: true })
    // The object may have its name although something failed: then the pieces are its bytes.
    const file = await statOf(folder.objectPath(to))
    const published = file && (await records.find(to, file))
    if (published?.pieces?.id !== id) await dropPieces(folder, { id })
    throw error
  }
}

/** Links where the volume can, else copies; what is in pieces itself gives its pieces. */
async function takePieces(
  folder: Folder,
  key: string,
  { file, version, info, ino }: OpenObject,
  temp: string,
  sizes: number[],
): Promise<void> {
  const sources = version?.pieces
    ? version.pieces.sizes.map((size, n) => ({ file: pieceOf(folder, version.pieces!, n), size }))
    : [{ file: folder.objectPath(key), size: info.size }]
  for (const source of sources) {
    if (source.size === 0) continue
    const to = path.join(temp, String(sizes.length))
    const isOurs = version !== undefined // what was put there by hand may change
    const isLinked = isOurs && (await linked(source.file, to))
    const isSame =
      isLinked && (version.pieces !== undefined || (await stat(to, { bigint: true })).ino === ino)
    if (!isSame) {
      await removeQuietly(to)
      const bytes = version?.pieces
        ? createReadStream(source.file)
        : file.createReadStream({ autoClose: false, start: 0 })
      await writeDurably(to, bytes)
    }
    sizes.push(source.size)
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP'].includes(codeOf(error) ?? ''))
      return false
    throw error
  }
}

/** Inclusive positions. The pieces are opened at once, so that the body is of one version, whatever is put meanwhile. */
export async function readPieces(
  folder: Folder,
  pieces: Pieces,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<Readable> {
  const wanted: { file: Awaited<ReturnType<typeof open>>; start: number; end: number }[] = []
  const close = () => Promise.all(wanted.map(({ file }) => file.close().catch(() => {})))
  let at = 0
  try {
    for (const [n, size] of pieces.sizes.entries()) {
      const [from, to] = [Math.max(start - at, 0), Math.min(end - at, size - 1)]
      at += size
      if (from > to) continue
      wanted.push({ file: await open(pieceOf(folder, pieces, n), 'r'), start: from, end: to })
    }
  } catch (error) {
    await close()
    throw error
  }
  const body = async function* () {
    try {
      for (const { file, ...range } of wanted)
        yield* file.createReadStream({
          ...range,
          autoClose: false,
          highWaterMark: readBytes,
        }) as AsyncIterable<Buffer>
    } finally {
      await close()
    }
  }
  // A body that is destroyed before its first byte never enters the generator.
  return Readable.from(body(), { objectMode: false }).once('close', () => void close())
}

async function hashOf(folder: Folder, pieces: Pieces): Promise<string> {
  const hash = createHash('sha256')
  for (const n of pieces.sizes.keys()) {
    const file = await open(pieceOf(folder, pieces, n), 'r')
    try {
      await readThrough(file, (chunk) => hash.update(chunk))
    } finally {
      await file.close()
    }
  }
  return hash.digest('hex')
}

export async function dropPieces(folder: Folder, pieces: { readonly id: string }): Promise<void> {
  await rm(folderOf(folder, pieces), { recursive: true, force: true })
}

/** Removes what a crash left of objects that never came about, or have gone. */
export async function sweepPieces(folder: Folder): Promise<void> {
  for (const id of await readdir(folder.pieces)) {
    try {
      const { mtimeMs } = await stat(path.join(folder.pieces, id))
      if (Date.now() - mtimeMs < hourMs) continue // another process may be about to publish
    } catch (error) {
      if (isMissing(error)) continue
      throw error
    }
    const record = folder.recordOf(id.split('.')[0] ?? '')
    const text = await readFile(record, 'utf8').catch(() => '')
    if (!text.includes(JSON.stringify(id))) await dropPieces(folder, { id })
  }
}

function etagOf(etags: readonly string[]): string {
  const hash = createHash('sha256')
  for (const etag of etags) hash.update(etag)
  return `"${hash.digest('hex')}-${etags.length}"`
}
