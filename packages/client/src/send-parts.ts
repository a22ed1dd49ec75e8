import type { PartUrl } from '@longhaul/protocol'
import type { ByteSource } from './byte-source.ts'
import type { Body, Connection } from './connection.ts'
import { isServiceError } from './errors.ts'
import { contentDigest } from './part-digest.ts'
import { sha256, type Hasher } from './sha256.ts'

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
  readonly newHasher?: (() => Hasher) | undefined
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
  request: PartsToSend,
): Promise<SentParts> {
  const { parts, partBytes, receivedBytes = 0, parallel = 3 } = request
  const { onProgress, signal, newHasher = sha256 } = request
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
        signal?.throwIfAborted()
        const answer = await connection.send(url, {
          method: 'PUT',
          body: (moved) => watched(source.slice(start, end), moved),
          // A stream does not know its length, and stores refuse parts of unknown length.
          headers: {
            'content-length': String(end - start),
            ...(isOurs(url) && {
              'content-digest': await contentDigest(source, start, end, newHasher),
            }),
          },
          hasDigest: isOurs(url),
          signal,
          // How a Blob goes out cannot be seen, so that only a stream can be said to stand still.
          timeoutMs: source instanceof Blob ? 0 : silentMs,
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

/** A line that is dead without a word is given up after that long, and the part sent again. */
export const silentMs = 60_000

/** The local store's own URLs. Another store need not know the header, and its CORS rules may refuse it. */
const isOurs = (url: string): boolean => new URL(url).pathname.includes('/storage/parts/')

/** The same body; says when something of it has gone out. */
export function watched(body: Body, moved: () => void): Body {
  if (!(body instanceof ReadableStream)) return body
  const reader = body.getReader()
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { done, value } = await reader.read()
        moved()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
