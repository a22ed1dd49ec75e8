import { constants } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import path from 'node:path'
import { z } from 'zod'
import { LonghaulError } from '../../errors/index.ts'
import { checkSha256 } from '../check-bytes.ts'
import { matchParts, type NamedPart } from '../named-parts.ts'
import { writeJson } from './durable-file.ts'
import { isMissing } from './file-errors.ts'
import type { Folder } from './folder.ts'
import { readThrough } from './hash-file.ts'
import { digestOf, partsIn, type StoredPart, type UploadFolder } from './upload-folder.ts'

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
  const parts = matchParts(named, await partsIn(upload))
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
