import { createHash } from 'node:crypto'
import { chmod, open, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { invalidParts } from '../named-parts.ts'
import { claim, giveUp } from './claim-upload.ts'
import { syncFile } from './durable-file.ts'
import { hashFile, readThrough } from './hash-file.ts'
import { stopWriters } from './placed-parts.ts'
import { dataFile, type PlacedUpload, type StoredPart } from './upload-folder.ts'
import type { Plan } from './upload-plan.ts'
import { writeAll } from './write-body.ts'

export interface Assembled {
  readonly file: string
  readonly sha256?: string | undefined
  readonly etag?: string | undefined
}

/**
 * The file whose parts are in place is the object; only parts that came twice, with other bytes, are still to be copied
 * there. May be done again after a crash. Undefined while another process is at it, or when it has just finished.
 */
export async function placeParts(
  upload: PlacedUpload,
  plan: Plan,
  wanted: string | undefined,
): Promise<Assembled | undefined> {
  const own = await claim(upload, plan)
  if (own === undefined) return undefined
  try {
    await chmod(own, 0o600)
    await stopWriters(upload)
    const file = await open(own, 'r+')
    try {
      const sha256 = await settle(file, upload, plan, wanted)
      return { file: own, ...(sha256 === undefined ? { etag: etagOf(plan) } : { sha256 }) }
    } finally {
      await file.close()
    }
  } catch (error) {
    await giveUp(upload)
    throw error
  }
}

async function settle(
  file: FileHandle,
  upload: PlacedUpload,
  plan: Plan,
  wanted: string | undefined,
): Promise<string | undefined> {
  for (const part of plan.parts)
    if (part.file !== dataFile)
      await copyPart(path.join(upload.path, part.file), file, part, upload.partBytes)
  const size = plan.parts.reduce((sum, part) => sum + part.size, 0)
  const found = (await file.stat()).size
  if (found < size) throw damaged(plan.parts.at(-1))
  if (found > size) await file.truncate(size)
  await syncFile(file)
  if (plan.sha256 !== undefined || wanted === undefined) return plan.sha256
  return (await hashFile(file)).sha256
}

async function copyPart(
  from: string,
  to: FileHandle,
  part: StoredPart,
  partBytes: number,
): Promise<void> {
  const source = await open(from, 'r')
  try {
    let at = (part.partNumber - 1) * partBytes
    const size = await readThrough(source, async (chunk) => {
      await writeAll(to, chunk, at)
      at += chunk.byteLength
    })
    if (size !== part.size) throw damaged(part)
  } finally {
    await source.close()
  }
}

/** Of the digests of the parts, where that of the whole would take reading it. */
function etagOf({ parts }: Plan): string {
  const hash = createHash('sha256')
  for (const { etag } of parts) hash.update(etag)
  return `"${hash.digest('hex')}-${parts.length}"`
}

const damaged = (part: StoredPart | undefined) =>
  invalidParts([part?.partNumber ?? 0], `Part ${part?.partNumber} is damaged in the store.`)
