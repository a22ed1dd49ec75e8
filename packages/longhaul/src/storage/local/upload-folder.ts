import { createHash } from 'node:crypto'
import { readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { uploadNotFound } from '../named-parts.ts'
import type { Part } from '../object-store.ts'
import { isMissing } from './file-errors.ts'
import type { Folder } from './folder.ts'

/**
 * One open multipart upload is one folder:
 *
 *     upload.json                       key, media type, start
 *     <number>.<size>.<sha256>          a part; its name says all there is to say, so that one rename publishes both
 *     plan.json                         once completing has begun: the parts that make the object, and no others
 *     assembled.<process>               the object growing: what was part 1, with the later parts appended
 *
 * One whose parts have a known size has its bytes in place from the start (placed-parts.ts):
 *
 *     data                              sparse; part n is at (n - 1) * part_bytes
 *     journal                           what of it is there
 *     claim.<number>                    somebody writes this part into `data`
 *     part-<number>-<random>            bytes of a part that came while it was claimed or there already
 *     plan.json, assembled.<process>    as above, of `data`
 */
export interface UploadFolder {
  readonly id: string
  readonly path: string
  readonly key: string
  readonly mediaType: string | undefined
  readonly startedAt: Date
  /** Of one whose bytes are in place. */
  readonly partBytes: number | undefined
}

export interface PlacedUpload extends UploadFolder {
  readonly partBytes: number
}
export const isPlaced = (upload: UploadFolder): upload is PlacedUpload =>
  upload.partBytes !== undefined
export const dataFile = 'data'

export interface StoredPart extends Part {
  readonly file: string
  readonly sha256: string
}

const uploadFile = z.object({
  key: z.string(),
  media_type: z.string().optional(),
  part_bytes: z.number().optional(),
  started_at: z.iso.datetime(),
})
export type UploadFile = z.infer<typeof uploadFile>

/** Undefined for an id that is unknown, finished, malformed, or of another key. */
export async function findUpload(
  folder: Folder,
  ref: { readonly uploadId: string; readonly key?: string },
): Promise<UploadFolder | undefined> {
  if (!/^[0-9a-f]{32}$/.test(ref.uploadId)) return undefined
  const at = path.join(folder.uploads, ref.uploadId)
  try {
    const text = await readFile(path.join(at, 'upload.json'), 'utf8')
    const found = uploadFile.parse(JSON.parse(text))
    if (ref.key !== undefined && found.key !== ref.key) return undefined
    return {
      id: ref.uploadId,
      path: at,
      key: found.key,
      mediaType: found.media_type,
      startedAt: new Date(found.started_at),
      partBytes: found.part_bytes,
    }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** The parts that are files of their own, ascending. Of two with one number, which a crash can leave, the newer. */
export async function partFilesIn(upload: UploadFolder): Promise<readonly StoredPart[]> {
  const parts = new Map<number, StoredPart>()
  for (const name of await namesIn(upload)) {
    const part = parsePartName(name)
    if (!part) continue
    const other = parts.get(part.partNumber)
    if (!other || (await isNewer(upload, part, other))) parts.set(part.partNumber, part)
  }
  return [...parts.values()].sort((a, b) => a.partNumber - b.partNumber)
}

export async function namesIn(upload: UploadFolder): Promise<readonly string[]> {
  try {
    return await readdir(upload.path)
  } catch (error) {
    if (isMissing(error)) throw uploadNotFound({ key: upload.key, uploadId: upload.id })
    throw error
  }
}

export const partName = (partNumber: number, size: number, sha256: string): string =>
  `${String(partNumber).padStart(5, '0')}.${size}.${sha256}`

export function parsePartName(name: string): StoredPart | undefined {
  const [, number, size, sha256] = /^(\d{5,})\.(\d+)\.([0-9a-f]{64})$/.exec(name) ?? []
  if (sha256 === undefined) return undefined
  const known = { partNumber: Number(number), size: Number(size), sha256 }
  return { ...known, etag: `"${sha256}"`, file: name }
}

/** Gone at once for everyone, whatever is still inside. */
export async function dropUpload(folder: Folder, upload: UploadFolder): Promise<void> {
  const temp = folder.newTemp()
  try {
    await rename(upload.path, temp)
  } catch (error) {
    if (isMissing(error)) return
    throw error
  }
  await rm(temp, { recursive: true, force: true })
}

/** Tells lists of parts apart; part of the object's record once it is published. */
export function digestOf(parts: readonly { partNumber: number; etag: string }[]): string {
  const lines = parts.map(({ partNumber, etag }) => `${partNumber}:${etag}\n`)
  return createHash('sha256').update(lines.join('')).digest('hex')
}

async function isNewer(upload: UploadFolder, a: StoredPart, b: StoredPart): Promise<boolean> {
  const changed = (part: StoredPart) =>
    stat(path.join(upload.path, part.file), { bigint: true }).then(
      (found) => found.ctimeNs,
      () => -1n, // replaced while we looked
    )
  return (await changed(a)) > (await changed(b))
}
