import type { PartUrl } from '@longhaul/protocol'
import type { ByteSource } from './byte-source.ts'
import type { Connection } from './connection.ts'
import { isServiceError } from './errors.ts'

export interface PartsToSend {
  /** Signed URLs of the parts that are missing. */
  readonly parts: Iterable<PartUrl>
  readonly partBytes: number
  /** What the service has already: progress begins there. */
  readonly receivedBytes?: number | undefined
  /** @default 3 */
  readonly parallel?: number | undefined
  readonly onProgress?: ((sentBytes: number, totalBytes: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}
export interface SentParts {
  readonly parts: readonly { readonly partNumber: number; readonly etag: string | null }[]
  /** A signed URL had expired: the caller gets new ones for the rest. */
  readonly expired: boolean
}

/** PUTs parts of a source to signed URLs, several at a time, each repeated by itself. */
export async function sendParts(
  connection: Connection,
  source: ByteSource,
  { parts, partBytes, receivedBytes = 0, parallel = 3, onProgress, signal }: PartsToSend,
): Promise<SentParts> {
  const waiting = parts[Symbol.iterator]()
  const done: { partNumber: number; etag: string | null }[] = []
  let sent = receivedBytes
  let expired = false
  const lane = async (): Promise<void> => {
    // All lanes take from one iterator: each part goes out once.
    for (let next = waiting.next(); !expired && next.done !== true; next = waiting.next()) {
      const { part_number: partNumber, url } = next.value
      const start = (partNumber - 1) * partBytes
      const end = Math.min(start + partBytes, source.size)
      try {
        const answer = await connection.send(url, {
          method: 'PUT',
          body: () => source.slice(start, end),
          // A stream does not know its length, and stores refuse parts of unknown length.
          headers: { 'content-length': String(end - start) },
          signal,
          timeoutMs: 0,
        })
        await answer.body?.cancel()
        done.push({ partNumber, etag: answer.headers.get('etag') })
      } catch (error) {
        if (!isServiceError(error, 'signature-expired')) throw error
        expired = true
        return
      }
      sent += end - start
      onProgress?.(sent, source.size)
    }
  }
  onProgress?.(sent, source.size)
  await Promise.all(Array.from({ length: parallel }, lane))
  return { parts: done.sort((a, b) => a.partNumber - b.partNumber), expired }
}
