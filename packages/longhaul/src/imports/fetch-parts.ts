import { readOn } from './read-on.ts'
import type { Bytes, FoundFile } from './source.ts'
import type { OpenUpload, Transfer } from './transfer.ts'

/** The parts that are missing, several at once where the file is large. The first failure ends the others. */
export async function fetchParts(
  transfer: Transfer,
  file: FoundFile,
  { uploadId, storeUploadId, key, partBytes, missingParts }: OpenUpload,
): Promise<void> {
  const { source, uploads, owner, tuning, progress } = transfer
  const sizeBytes = file.sizeBytes ?? 0
  const stop = new AbortController()
  const signal = AbortSignal.any([transfer.signal, stop.signal])
  const waiting = missingParts[Symbol.iterator]()

  async function fetchPart(partNumber: number): Promise<void> {
    const start = (partNumber - 1) * partBytes
    const range = { start, end: Math.min(start + partBytes, sizeBytes) - 1 }
    if (source.copyPart !== undefined) {
      await source.copyPart(file, range, { key, storeUploadId, partNumber }, signal)
      await uploads.partReceived(storeUploadId)
      return progress.moved(range.end + 1 - range.start)
    }
    let moved = 0
    async function* counted(): Bytes {
      for await (const chunk of readOn(source, file, range, tuning, signal)) {
        moved += chunk.length
        progress.moved(chunk.length)
        yield chunk
      }
    }
    try {
      await uploads.putPart({ owner, uploadId, partNumber, body: counted(), signal })
    } catch (error) {
      progress.lost(moved)
      throw error
    }
  }

  async function fetchOn(): Promise<void> {
    for (let next = waiting.next(); !next.done; next = waiting.next()) await fetchPart(next.value)
  }

  const streams = sizeBytes >= tuning.parallelFromBytes ? tuning.parallel : 1
  let failure: { readonly error: unknown } | undefined
  await Promise.all(
    Array.from({ length: streams }, () =>
      fetchOn().catch((error: unknown) => {
        failure ??= { error }
        stop.abort()
      }),
    ),
  )
  if (failure !== undefined) throw failure.error
}
