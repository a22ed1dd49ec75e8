import { createHash, type Hash } from 'node:crypto'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { offsetMismatch } from '../check-bytes.ts'
import { uploadNotFound } from '../named-parts.ts'
import type { AppendedUploads, UploadRef } from '../object-store.ts'
import { appendBody } from './append-body.ts'
import { publishedBy } from './complete-upload.ts'
import { dataSync } from './durable-file.ts'
import { namingErrors } from './file-errors.ts'
import type { Folder } from './folder.ts'
import type { Journals } from './journal.ts'
import { completeAlready } from './placed-parts.ts'
import type { Records } from './records.ts'
import { dataFile, findUpload, isPlaced, type PlacedUpload } from './upload-folder.ts'
import { appendedPart, readPlan } from './upload-plan.ts'

/** SHA-256 of what was appended, as far as this process has seen all of it. */
export type Chains = Map<string, { readonly bytes: number; readonly hash: Hash }>
const maxChains = 1000

type LocalAppends = Omit<AppendedUploads, 'concatenate'>

/** Bytes are written behind what the journal vouches for; a line of the journal makes them count. */
export function localAppends(
  folder: Folder,
  records: Records,
  journals: Journals,
  chains: Chains,
): LocalAppends {
  async function openUpload(ref: UploadRef): Promise<PlacedUpload> {
    const upload = await findUpload(folder, ref)
    // Published, though a crash kept the folder: its bytes are used up.
    if (!upload || !isPlaced(upload) || (await publishedBy(folder, records, ref)))
      throw uploadNotFound(ref)
    return upload
  }
  async function uploadFor(ref: UploadRef): Promise<PlacedUpload> {
    const upload = await openUpload(ref)
    if (await readPlan(upload)) throw completeAlready()
    return upload
  }
  const bytesOf = async (upload: PlacedUpload) => (await journals.read(upload)).appendedBytes

  function remember(id: string, bytes: number, hash: Hash): void {
    chains.delete(id)
    chains.set(id, { bytes, hash })
    for (const oldest of chains.keys()) {
      if (chains.size <= maxChains) break
      chains.delete(oldest)
    }
  }

  return {
    appendedBytes: (ref) => namingErrors(async () => bytesOf(await openUpload(ref))),
    append: (ref, offset, body, { whole = false, current, signal } = {}) =>
      namingErrors(async () => {
        const upload = await uploadFor(ref)
        const found = await bytesOf(upload)
        if (found !== offset) throw offsetMismatch(found, offset)
        const chain = chains.get(upload.id)
        const hash =
          offset === 0
            ? createHash('sha256')
            : chain?.bytes === offset
              ? chain.hash.copy()
              : undefined
        let end = offset
        const file = await open(path.join(upload.path, dataFile), 'r+')
        try {
          await appendBody(file, body, offset, {
            whole,
            hash,
            signal,
            async keep(to) {
              await dataSync(file)
              await current?.()
              await journals.add(upload, { appended: { offset: end, size: to - end } })
              // Another process that had taken over may have been faster: then ours does not count.
              const now = await bytesOf(upload)
              if (now !== to) throw offsetMismatch(now, end)
              end = to
              if (hash) remember(upload.id, end, hash.copy())
            },
          })
        } finally {
          await file.close()
        }
        return end
      }),
    partsOfAppended: (ref) =>
      namingErrors(async () => {
        const { partNumber, etag, size } = appendedPart(await bytesOf(await openUpload(ref)))
        return [{ partNumber, etag, size }]
      }),
  }
}
