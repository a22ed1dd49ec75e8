import { constants } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import path from 'node:path'
import { z } from 'zod'
import { LonghaulError } from '../../errors/index.ts'
import { writeJson } from './durable-file.ts'
import { isMissing } from './file-errors.ts'
import type { Folder } from './folder.ts'
import { readThrough } from './hash-file.ts'
import { digestOf, partsIn, quoted, type StoredPart, type UploadFolder } from './upload-folder.ts'
import { checkSha256 } from './write-file.ts'

/** The parts an object is made of. Written down before the first of them is used up; from then on nothing else will do. */
const plan = z.object({
  digest: z.string(),
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

export type NamedPart = { readonly partNumber: number; readonly etag: string }

/** Ascending and quoted, or 'invalid-part'. */
export function sortParts(parts: readonly NamedPart[]): readonly NamedPart[] {
  const sorted = parts
    .map(({ partNumber, etag }) => ({ partNumber, etag: quoted(etag) }))
    .sort((a, b) => a.partNumber - b.partNumber)
  const twice = sorted.find((part, n) => part.partNumber === sorted[n + 1]?.partNumber)
  if (twice) throw invalidParts([twice.partNumber], `Part ${twice.partNumber} is named twice.`)
  if (sorted.length === 0) throw invalidParts([], 'Name at least one part.')
  return sorted
}

export async function readPlan(upload: UploadFolder): Promise<Plan | undefined> {
  try {
    return plan.parse(JSON.parse(await readFile(path.join(upload.path, 'plan.json'), 'utf8')))
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** The plan that completing follows: the one written down, else a new one for these parts. */
export async function planFor(
  folder: Folder,
  upload: UploadFolder,
  named: readonly NamedPart[],
  sha256: string | undefined,
): Promise<Plan> {
  const digest = digestOf(named)
  const written = await readPlan(upload)
  if (written) {
    if (written.digest === digest) return written
    throw new LonghaulError('upload-complete', 'The upload is being completed with other parts.')
  }
  const parts = match(named, await partsIn(upload))
  const [only] = parts
  if (parts.length === 1 && only) {
    checkSha256(only.sha256, sha256)
    return { digest, parts } // one rename will do: nothing to write down
  }
  if (sha256 !== undefined) checkSha256(await hashOf(upload, parts), sha256)
  const made = { digest, parts }
  await writeJson(path.join(upload.path, 'plan.json'), made, folder.newTemp())
  return made
}

function match(named: readonly NamedPart[], stored: readonly StoredPart[]): StoredPart[] {
  const byNumber = new Map(stored.map((part) => [part.partNumber, part]))
  const found = named.map((one) => {
    const part = byNumber.get(one.partNumber)
    return part?.etag === one.etag ? part : undefined
  })
  const wrong = named.filter((_, n) => !found[n]).map((one) => one.partNumber)
  if (wrong.length > 0)
    throw invalidParts(
      wrong,
      `The store has no such part or another ETag for part ${wrong.slice(0, 10).join(', ')}${wrong.length > 10 ? ' and others' : ''}; send it again and use the ETag of that answer.`,
    )
  return found.filter((part) => part !== undefined)
}

/** Of parts that nobody has used up yet. */
async function hashOf(upload: UploadFolder, parts: readonly StoredPart[]): Promise<string> {
  const hash = createHash('sha256')
  for (const part of parts) {
    const file = await open(path.join(upload.path, part.file), constants.O_RDONLY)
    try {
      await readThrough(file, (chunk) => hash.update(chunk))
    } finally {
      await file.close()
    }
  }
  return hash.digest('hex')
}

export const invalidParts = (numbers: readonly number[], detail: string) =>
  new LonghaulError('invalid-part', detail, { facts: { invalid_parts: numbers } })
