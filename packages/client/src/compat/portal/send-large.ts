import {
  largeUploadCompleted,
  largeUploadResume,
  largeUploadStarted,
  type PortalUploadStarted,
} from '@longhaul/protocol'
import type { ByteSource } from '../../byte-source.ts'
import type { Connection } from '../../connection.ts'
import { isServiceError } from '../../errors.ts'
import { sha256OfSlice } from '../../part-digest.ts'
import type { Hasher } from '../../sha256.ts'
import { withPace, type TransferProgress } from '../../transfer-pace.ts'
import type { UploadMemory } from '../../upload-memory.ts'
import type { Fields } from './dataset.ts'
import { formBody } from './form-body.ts'

export interface SendOptions {
  readonly onProgress?: TransferProgress | undefined
  readonly signal?: AbortSignal | undefined
  /** Chunks in flight. @default 4 */
  readonly parallel?: number | undefined
  /** Goes on with this upload; by default with the one that the client's memory knows. */
  readonly resumeUploadId?: string | undefined
}
/** Of an upload that came in chunks; `job_id` is what `getUploadStatus` takes. */
export type SentInChunks = Pick<
  PortalUploadStarted,
  'job_id' | 'message' | 'upload_type' | 'dataset_uuid'
> & { readonly status: string; readonly upload_id: string }

export interface LargeContext {
  readonly connection: Connection
  readonly memory: UploadMemory | undefined
  readonly newHasher: () => Hasher
}

const base = '/api/upload/large'

/** The chunk protocol: what the service has is asked, what is missing sent with its SHA-256, and the whole compared there. */
export async function sendLarge(
  context: LargeContext,
  source: ByteSource,
  fields: Fields,
  options: SendOptions = {},
): Promise<SentInChunks> {
  const { connection } = context
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])])
  const session = await openLarge(context, source, fields, options)
  const { uploadId, chunkBytes } = session
  const bytesOf = (index: number): number => Math.min(chunkBytes, source.size - index * chunkBytes)
  const report = withPace(options.onProgress)
  let sent = source.size - session.missing.reduce((sum, index) => sum + bytesOf(index), 0)
  report?.(sent, source.size)
  const waiting = session.missing.values()
  const lane = async (): Promise<void> => {
    for (const index of waiting) {
      signal.throwIfAborted()
      await sendChunk(context, source, { uploadId, index, chunkBytes }, signal)
      sent += bytesOf(index)
      report?.(sent, source.size)
    }
  }
  try {
    await Promise.all(Array.from({ length: options.parallel ?? 4 }, lane))
  } finally {
    stop.abort()
  }
  const done = await connection.read(largeUploadCompleted, `${base}/complete/${uploadId}`, {
    method: 'POST',
    signal: options.signal,
    timeoutMs: 0, // the whole is read there once more
  })
  const { job_id, message, dataset_uuid, status } = done
  return { job_id, upload_id: uploadId, status, message, upload_type: 'chunked', dataset_uuid }
}

export interface Chunk {
  readonly uploadId: string
  /** From 0. */
  readonly index: number
  readonly chunkBytes: number
}

export async function sendChunk(
  { connection, newHasher }: LargeContext,
  source: ByteSource,
  { uploadId, index, chunkBytes }: Chunk,
  signal?: AbortSignal,
): Promise<void> {
  const start = index * chunkBytes
  const end = Math.min(start + chunkBytes, source.size)
  const chunk_hash = await sha256OfSlice(source.slice(start, end), newHasher)
  const filename = `chunk_${String(index).padStart(6, '0')}`
  const body = () => source.slice(start, end)
  const answer = await connection.send(`${base}/chunk/${uploadId}/${index}`, {
    ...formBody({ chunk_hash }, { field: 'chunk', filename, size: end - start, body }),
    method: 'POST',
    hasDigest: true,
    signal,
  })
  await answer.body?.cancel()
}

async function openLarge(
  { connection, memory, newHasher }: LargeContext,
  source: ByteSource,
  fields: Fields,
  { resumeUploadId, signal }: SendOptions,
): Promise<{ uploadId: string; chunkBytes: number; missing: readonly number[] }> {
  // The same file for another dataset is another upload.
  const place = `${connection.url}${base} ${JSON.stringify(fields)}`
  const noted = resumeUploadId ?? (await memory?.recall(place, source))
  const [known = '', size = ''] = noted?.split(' ') ?? []
  if (known !== '') {
    try {
      const seen = await connection.read(largeUploadResume, `${base}/resume/${known}`, { signal })
      const chunkBytes = Number(size) || usualChunkBytes
      if (Math.ceil(source.size / chunkBytes) === seen.total_chunks)
        return { uploadId: known, chunkBytes, missing: seen.missing_chunks }
    } catch (error) {
      if (!isServiceError(error) || ![404, 410].includes(error.status)) throw error
    }
  }
  const file_hash = await hashOf(source, newHasher, signal)
  const started = await connection.read(largeUploadStarted, `${base}/initiate`, {
    method: 'POST',
    json: { ...fields, filename: source.name, file_size: source.size, file_hash },
    signal,
  })
  await memory?.remember(place, source, `${started.upload_id} ${started.chunk_size}`)
  return {
    uploadId: started.upload_id,
    chunkBytes: started.chunk_size,
    missing: Array.from({ length: started.total_chunks }, (_, index) => index),
  }
}

const usualChunkBytes = 100 * 1024 * 1024

export async function hashOf(
  source: ByteSource,
  newHasher: () => Hasher,
  signal?: AbortSignal,
): Promise<string> {
  return source.sha256?.(signal) ?? sha256OfSlice(source.slice(0, source.size), newHasher)
}
