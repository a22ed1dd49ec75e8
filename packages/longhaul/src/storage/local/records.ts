import type { BigIntStats } from 'node:fs'
import { readFile, unlink } from 'node:fs/promises'
import { z } from 'zod'
import { writeJson } from './durable-file.ts'
import { isMissing } from './file-errors.ts'
import type { Folder } from './folder.ts'

/**
 * What is known about one version of an object, found by its file. A record is written before its file gets the key's
 * name, beside the record of the file that has the name until then: whichever of the two a reader opens, its record is
 * there, and the rename alone decides. A file without a record (put there by hand) is an object without a SHA-256.
 */
const version = z.object({
  /** The file: inode and modification time in nanoseconds, as text. */
  ino: z.string(),
  mtime_ns: z.string(),
  size: z.number(),
  /** Unknown of what came in many parts and out of order. */
  sha256: z.string().optional(),
  /** Where it is not the SHA-256. */
  etag: z.string().optional(),
  media_type: z.string(),
  /** Of an object made of several (pieces.ts): the file holds none of its bytes. */
  pieces: z.object({ id: z.string(), sizes: z.array(z.number()) }).optional(),
  /** The multipart upload that made it, so that completing it once more gets the same answer. */
  upload: z.object({ id: z.string(), parts: z.string() }).optional(),
})
export type Version = z.infer<typeof version>
const record = z.object({ key: z.string(), versions: z.array(version) })

export interface Records {
  find(key: string, file: BigIntStats): Promise<Version | undefined>
  /** Adds a version; keeps that of `current`, the file that has the key's name now. */
  add(key: string, version: Version, current: BigIntStats | undefined): Promise<void>
  remove(key: string): Promise<void>
}

export function openRecords(folder: Folder): Records {
  const versionsOf = async (key: string): Promise<readonly Version[]> => {
    try {
      const text = await readFile(folder.recordPath(key), 'utf8')
      const found = record.parse(JSON.parse(text))
      return found.key === key ? found.versions : []
    } catch (error) {
      if (isMissing(error) || error instanceof SyntaxError || error instanceof z.ZodError) return []
      throw error
    }
  }
  return {
    async find(key, file) {
      return (await versionsOf(key)).find((one) => isOf(one, file))
    },
    async add(key, added, current) {
      const kept = current && (await versionsOf(key)).find((one) => isOf(one, current))
      const versions = [added, ...(kept && kept.ino !== added.ino ? [kept] : [])]
      await writeJson(folder.recordPath(key), { key, versions }, folder.newTemp())
    },
    async remove(key) {
      await unlink(folder.recordPath(key)).catch((error: unknown) => {
        if (!isMissing(error)) throw error
      })
    },
  }
}

// Size and time alone would not do: two versions of the same length can come within one tick of the clock.
const isOf = (one: Version, file: BigIntStats): boolean =>
  one.ino === String(file.ino) &&
  one.mtime_ns === String(file.mtimeNs) &&
  BigInt(one.size) === file.size
