import { constants } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import path from 'node:path'
import { z } from 'zod'
import { LonghaulError } from '../../errors/index.ts'
import { checkSha256 } from '../check-bytes.ts'
import { invalidParts, matchParts, type NamedPart } from '../named-parts.ts'
import { writeJson } from './durable-file.ts'
import { isMissing } from './file-errors.ts'
import type { Folder } from './folder.ts'
import { readThrough } from './hash-file.ts'
import type { Journals } from './journal.ts'
import {
  dataFile,
  digestOf,
  isPlaced,
  partFilesIn,
  type PlacedUpload,
  type StoredPart,
  type UploadFolder,
} from './upload-folder.ts'

/** The parts an object is made of. Written down before the first of them is used up; from then on nothing else will do. */
const plan = z.object({
  digest: z.string(),
  /** Of the whole, where it is known. */
  sha256: z.string().optional(),
  parts: z.array(
    z.object({
      partNumber: z.int(),
      etag: z.string(),
      size: z.number(),
      sha256: z.string(),
      file: z.string(),
    }),
  ),
})
export type Plan = z.infer<typeof plan>

export async function readPlan(upload: UploadFolder): Promise<Plan | undefined> {
  try {
    return plan.parse(JSON.parse(await readFile(path.join(upload.path, 'plan.json'), 'utf8')))
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Read through at completion: the digest of the whole is worth a moment. */
const smallBytes = 64 * 1024 * 1024

/** The plan that completing follows: the one written down, else a new one for these parts. */
export async function planFor(
  folder: Folder,
  journals: Journals,
  upload: UploadFolder,
  named: readonly NamedPart[],
  { sha256, known }: { readonly sha256?: string | undefined; readonly known?: string | undefined },
): Promise<Plan> {
  const digest = digestOf(named)
  const written = await readPlan(upload)
  if (written) {
    if (written.digest === digest) return written
    throw new LonghaulError('upload-complete', 'The upload is being completed with other parts.')
  }
  const isInPlace = isPlaced(upload)
  const there = await partsIn(journals, upload)
  // Nothing was appended: that is an empty object.
  const parts = matchParts(named, there.length === 0 && isInPlace ? [appendedPart(0)] : there)
  if (isInPlace) checkPlaces(upload, parts)
  const [only] = parts
  const ofOnly = parts.length === 1 && only?.sha256 !== '' ? only?.sha256 : known
  const size = parts.reduce((sum, part) => sum + part.size, 0)
  const mustRead = sha256 !== undefined || (isInPlace && size <= smallBytes)
  const found = ofOnly ?? (mustRead ? await hashOf(upload, parts) : undefined)
  if (found !== undefined) checkSha256(found, sha256)
  const made: Plan = { digest, parts, ...(found !== undefined && { sha256: found }) }
  // One part's file is made the object by one rename: nothing to write down. In place others may still write.
  if (parts.length > 1 || isInPlace)
    await writeJson(path.join(upload.path, 'plan.json'), made, folder.newTemp())
  return made
}

/** The parts that have come, ascending. What was appended is one, whose digest nobody has written down. */
export async function partsIn(
  journals: Journals,
  upload: UploadFolder,
): Promise<readonly StoredPart[]> {
  if (!isPlaced(upload)) return partFilesIn(upload)
  const { parts, appendedBytes } = await journals.read(upload)
  if (parts.size === 0 && appendedBytes > 0) return [appendedPart(appendedBytes)]
  return [...parts.values()].sort((a, b) => a.partNumber - b.partNumber)
}

export const appendedPart = (size: number): StoredPart => ({
  partNumber: 1,
  size,
  sha256: '',
  etag: `"appended-${size}"`,
  file: dataFile,
})

/** In place there are no gaps, and every part but the last is as long as was said. */
function checkPlaces({ partBytes }: PlacedUpload, parts: readonly StoredPart[]): void {
  if (parts.length === 1 && parts[0]?.sha256 === '') return
  const wrong = parts.filter(
    ({ partNumber, size }, n) =>
      partNumber !== n + 1 || (n < parts.length - 1 && size !== partBytes),
  )
  if (wrong.length > 0)
    throw invalidParts(
      wrong.map(({ partNumber }) => partNumber),
      `Every part but the last has ${partBytes} bytes, and none may be missing.`,
    )
}

/** Of parts that nobody has used up yet. */
async function hashOf(upload: UploadFolder, parts: readonly StoredPart[]): Promise<string> {
  const hash = createHash('sha256')
  for (const part of parts) {
    const file = await open(path.join(upload.path, part.file), constants.O_RDONLY)
    try {
      const start = placeOf(upload, part)
      const range = { start, end: start + part.size }
      await readThrough(file, (chunk) => hash.update(chunk), range)
    } finally {
      await file.close()
    }
  }
  return hash.digest('hex')
}

/** Where in its file a part begins. */
export const placeOf = (upload: UploadFolder, part: StoredPart): number =>
  part.file === dataFile ? (part.partNumber - 1) * (upload.partBytes ?? 0) : 0
