import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { link, lstat, mkdir, open, readdir, rm, unlink } from 'node:fs/promises'
import path from 'node:path'
import { checkPartNumber, invalidParts, uploadNotFound } from '../named-parts.ts'
import type { MultipartUploads, Part, UploadRef } from '../object-store.ts'
import { completeUpload, publishedBy } from './complete-upload.ts'
import { removeQuietly, renameDurably, syncFile, writeJson } from './durable-file.ts'
import { codeOf, isMissing, namingErrors } from './file-errors.ts'
import type { Folder } from './folder.ts'
import { hashFile } from './hash-file.ts'
import type { Journals } from './journal.ts'
import type { Chains } from './local-appends.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { completeAlready, putPlaced } from './placed-parts.ts'
import { statOf } from './publish.ts'
import type { Records } from './records.ts'
import {
  dataFile,
  dropUpload,
  findUpload,
  isPlaced,
  namesIn,
  parsePartName,
  partName,
  type UploadFile,
  type UploadFolder,
} from './upload-folder.ts'
import { appendedPart, partsIn, readPlan } from './upload-plan.ts'
import { writeFile } from './write-file.ts'
import type { Written } from './write-body.ts'

/** Parts are files until they are complete; the ETag of a part is its quoted SHA-256. */
export function localMultipart(
  folder: Folder,
  records: Records,
  journals: Journals,
  chains: Chains,
): MultipartUploads {
  const limits = {
    minPartBytes: 1,
    maxPartBytes: 5 * 1024 ** 3,
    maxParts: 10_000,
    equalParts: false,
  }

  async function uploadFor(ref: UploadRef, partNumber: number) {
    checkPartNumber(partNumber, limits.maxParts)
    const upload = await findUpload(folder, ref)
    if (upload) return upload
    throw (await publishedBy(folder, records, ref)) ? completeAlready() : uploadNotFound(ref)
  }

  /** Gives a finished file the name of its part; the part of that number until then goes away. */
  function keep(ref: UploadRef, partNumber: number, temp: string, written: Written): Promise<Part> {
    return oneAtATime(`upload ${ref.uploadId}`, async () => {
      const upload = await uploadFor(ref, partNumber)
      if (await readPlan(upload)) throw completeAlready()
      const name = partName(partNumber, written.size, written.sha256)
      const before = (await namesIn(upload)).filter(
        (other) => parsePartName(other)?.partNumber === partNumber && other !== name,
      )
      try {
        await renameDurably(temp, path.join(upload.path, name))
      } catch (error) {
        throw isMissing(error) ? uploadNotFound(ref) : error
      }
      await removeQuietly(temp) // still there when both names were links of one file
      for (const other of before) await removeQuietly(path.join(upload.path, other))
      return { partNumber, etag: `"${written.sha256}"`, ...written }
    })
  }

  /** What is said about an upload never changes, so each is read once. */
  let known = new Map<string, UploadFolder>()
  async function openUploads(): Promise<readonly UploadFolder[]> {
    const now = new Map<string, UploadFolder>()
    for (const uploadId of await readdir(folder.uploads)) {
      const upload = known.get(uploadId) ?? (await findUpload(folder, { uploadId }))
      if (upload) now.set(uploadId, upload)
    }
    known = now
    return [...now.values()]
  }

  async function withTemp<T>(use: (temp: string) => Promise<T>): Promise<T> {
    const temp = folder.newTemp()
    try {
      return await use(temp)
    } catch (error) {
      await rm(temp, { recursive: true, force: true })
      throw error
    }
  }

  return {
    limits,
    begin: (key, options = {}) =>
      namingErrors(() =>
        withTemp(async (temp) => {
          folder.objectPath(key)
          const uploadId = randomBytes(16).toString('hex')
          const about: UploadFile = { key, started_at: new Date().toISOString() }
          if (options.mediaType !== undefined) about.media_type = options.mediaType
          await mkdir(temp, { mode: 0o700 })
          if (options.partBytes !== undefined) {
            about.part_bytes = options.partBytes
            for (const name of [dataFile, 'journal'])
              await (await open(path.join(temp, name), 'wx', 0o600)).close()
          }
          await writeJson(path.join(temp, 'upload.json'), about, path.join(temp, 'writing'))
          await renameDurably(temp, path.join(folder.uploads, uploadId))
          return uploadId
        }),
      ),
    putPart: (ref, partNumber, body, options = {}) =>
      namingErrors(async () => {
        const upload = await uploadFor(ref, partNumber) // refused before a byte is read
        if (isPlaced(upload)) return putPlaced(folder, journals, upload, partNumber, body, options)
        return withTemp(async (temp) => {
          const written = await writeFile(temp, body, {
            maxBytes: limits.maxPartBytes,
            ...options,
          })
          return keep(ref, partNumber, temp, written)
        })
      }),
    putFile: (ref, partNumber, file) =>
      namingErrors(() =>
        withTemp(async (temp) => {
          const upload = await uploadFor(ref, partNumber)
          if (isPlaced(upload)) throw new Error('A file is taken whole, not into its place')
          return keep(ref, partNumber, temp, await takeFile(file, temp))
        }),
      ),
    listParts: (ref) =>
      namingErrors(async () => {
        const upload = await findUpload(folder, ref)
        // Published, though a crash kept the folder: its parts are used up.
        if (!upload || (await publishedBy(folder, records, ref))) throw uploadNotFound(ref)
        const parts = (await readPlan(upload))?.parts ?? (await partsIn(journals, upload))
        return parts.map(({ partNumber, etag, size, sha256 }) => ({
          partNumber,
          etag,
          size,
          ...(sha256 !== '' && { sha256 }),
        }))
      }),
    complete: (ref, parts, options = {}) =>
      namingErrors(async () => {
        const chain = chains.get(ref.uploadId)
        const isOfAll =
          parts.length === 1 && parts[0]?.etag === appendedPart(chain?.bytes ?? 0).etag
        const known = isOfAll ? chain?.hash.copy().digest('hex') : undefined
        const digests = { sha256: options.sha256, known }
        const info = await completeUpload(folder, records, journals, ref, parts, digests)
        chains.delete(ref.uploadId)
        return info
      }),
    abort: (ref) =>
      namingErrors(() =>
        oneAtATime(`upload ${ref.uploadId}`, async () => {
          const upload = await findUpload(folder, ref)
          if (!upload) return
          await dropUpload(folder, upload)
          journals.forget(upload)
          chains.delete(upload.id)
          // A crash while completing may have left the record of an object that never got its name.
          if (!(await statOf(folder.objectPath(ref.key)))) await records.remove(ref.key)
        }),
      ),
    async *listUploads(prefix) {
      for (const upload of await openUploads())
        if (upload.key.startsWith(prefix))
          yield { key: upload.key, uploadId: upload.id, startedAt: upload.startedAt }
    },
  }
}

/**
 * The file itself becomes the part, by a link: its bytes are read once, for the SHA-256, and not copied. Where the volume
 * cannot link they are copied. Never follows a symbolic link, which could name anything on this machine.
 */
async function takeFile(file: string, temp: string): Promise<Written> {
  const source = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const before = await source.stat({ bigint: true })
    if (!before.isFile()) throw invalidParts([], 'Only a plain file can be stored.')
    if (!(await linked(file, temp, before.ino)))
      return await writeFile(temp, source.createReadStream({ autoClose: false }))
    const written = await hashFile(source)
    await syncFile(source)
    const after = await source.stat({ bigint: true })
    if (after.mtimeNs !== before.mtimeNs || after.size !== BigInt(written.size))
      throw invalidParts(
        [],
        'The file changed while it was being read. Close it before storing it.',
      )
    return written
  } finally {
    await source.close()
  }
}

async function linked(file: string, temp: string, ino: bigint): Promise<boolean> {
  try {
    await link(file, temp)
  } catch (error) {
    if (['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP'].includes(codeOf(error) ?? ''))
      return false
    throw error
  }
  if ((await lstat(temp, { bigint: true })).ino === ino) return true
  await unlink(temp)
  return false
}
