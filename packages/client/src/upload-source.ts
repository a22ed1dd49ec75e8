import { uploadCompleted, uploadStarted, uploadView, type PartUrl } from '@longhaul/protocol'
import type { Body, Connection } from './connection.ts'
import { isServiceError, TransferError } from './errors.ts'

/** Bytes to upload. A browser's `File` is one; `fileSource` of `@longhaul/client/node` makes one of a path. */
export interface ByteSource {
  readonly name: string
  readonly size: number
  readonly type?: string
  /** Bytes from `start` up to, not including, `end`. Asked again for the same range when a part is sent again. */
  slice(start: number, end: number): Body
  /** SHA-256 (hex) of the whole, where it can be had: compared with what the service stored. */
  sha256?(signal?: AbortSignal): Promise<string>
}

export interface UploadOptions {
  /** Goes on with this upload instead of a new one; when the service no longer knows it, starts anew. */
  readonly uploadId?: string | undefined
  /** Told once the upload has an id: keep it to resume after an interruption. */
  readonly onStarted?: ((uploadId: string) => void) | undefined
  readonly onProgress?: ((sentBytes: number, totalBytes: number) => void) | undefined
  /** Parts in flight. @default 3 */
  readonly parallel?: number | undefined
  readonly signal?: AbortSignal | undefined
}
export interface Uploaded {
  readonly uploadId: string
  readonly uri?: string
  /** Bytes that the service had already. */
  readonly resumedBytes: number
}

interface Session {
  readonly uploadId: string
  readonly partBytes: number
  readonly partUrls: readonly PartUrl[]
  readonly receivedBytes: number
  readonly done: boolean
}

/** Sends a source through signed parts, several at a time; with an `uploadId`, only the parts that are missing. */
export async function uploadSource(
  connection: Connection,
  source: ByteSource,
  options: UploadOptions = {},
): Promise<Uploaded> {
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])])
  const digest = source.sha256?.(signal)
  // It is awaited at the end; until then a failure of it must not count as unhandled.
  digest?.catch(() => {})
  try {
    let session = await openSession(connection, source, options)
    options.onStarted?.(session.uploadId)
    const resumedBytes = session.receivedBytes
    // Signed URLs end some time: a long upload asks for new ones and goes on.
    for (
      let round = 0;
      !session.done && !(await sendParts(connection, session, source, options, signal));
    ) {
      if (++round > 100)
        throw new TransferError(
          'local',
          `${source.name}: signed URLs expire faster than parts arrive`,
        )
      session = await readSession(connection, session.uploadId)
    }
    const completed = await connection.read(
      uploadCompleted,
      `/uploads/${session.uploadId}/complete`,
      {
        method: 'POST',
        json: {},
        signal: options.signal,
        timeoutMs: 0, // a store may copy terabytes here
      },
    )
    const wanted = await digest
    if (wanted !== undefined && completed.sha256 != null && completed.sha256 !== wanted) {
      throw new TransferError(
        'checksum',
        `${source.name}: the service stored SHA-256 ${completed.sha256}, the file has ${wanted}; upload it again`,
      )
    }
    return { uploadId: session.uploadId, uri: completed.uri, resumedBytes }
  } finally {
    stop.abort()
  }
}

async function openSession(
  connection: Connection,
  source: ByteSource,
  options: UploadOptions,
): Promise<Session> {
  if (options.uploadId !== undefined) {
    try {
      const known = await readSession(connection, options.uploadId, source.size)
      if (known !== undefined) return known
    } catch (error) {
      if (!isServiceError(error, 'upload-not-found') && !isServiceError(error, 'upload-expired'))
        throw error
    }
  }
  const started = await connection.read(uploadStarted, '/uploads', {
    method: 'POST',
    json: {
      filename: source.name,
      size_bytes: source.size,
      ...(source.type ? { content_type: source.type } : {}),
    },
    signal: options.signal,
  })
  return {
    uploadId: started.upload_id,
    partBytes: started.part_size_bytes,
    partUrls: started.part_urls,
    receivedBytes: 0,
    done: false,
  }
}

async function readSession(connection: Connection, uploadId: string): Promise<Session>
async function readSession(
  connection: Connection,
  uploadId: string,
  size: number,
): Promise<Session | undefined>
async function readSession(
  connection: Connection,
  uploadId: string,
  size?: number,
): Promise<Session | undefined> {
  const view = await connection.read(uploadView, `/uploads/${uploadId}`)
  if (size !== undefined && view.size_bytes !== size) return undefined
  return {
    uploadId,
    partBytes: view.part_size_bytes,
    partUrls: view.part_urls ?? [],
    receivedBytes: view.received_bytes,
    done: view.status === 'completed' || view.missing_parts.length === 0,
  }
}

/** False when a signed URL had expired: the caller gets new ones. */
async function sendParts(
  connection: Connection,
  session: Session,
  source: ByteSource,
  options: UploadOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const waiting = session.partUrls.values()
  let sent = session.receivedBytes
  let expired = false
  const lane = async (): Promise<void> => {
    // All lanes take from one iterator: each part goes out once.
    for (const part of waiting) {
      if (expired) return
      const start = (part.part_number - 1) * session.partBytes
      const end = Math.min(start + session.partBytes, source.size)
      try {
        const answer = await connection.send(part.url, {
          method: 'PUT',
          body: () => source.slice(start, end),
          // A stream does not know its length, and stores refuse parts of unknown length.
          headers: { 'content-length': String(end - start) },
          signal,
          timeoutMs: 0,
        })
        await answer.body?.cancel()
      } catch (error) {
        if (!isServiceError(error, 'signature-expired')) throw error
        expired = true
        return
      }
      sent += end - start
      options.onProgress?.(sent, source.size)
    }
  }
  options.onProgress?.(sent, source.size)
  await Promise.all(Array.from({ length: options.parallel ?? 3 }, lane))
  return !expired
}
