import { uploadCompleted, uploadStarted, uploadView, type PartUrl } from '@longhaul/protocol'
import type { ByteSource } from './byte-source.ts'
import type { Connection } from './connection.ts'
import { isServiceError, TransferError } from './errors.ts'
import { sendParts } from './send-parts.ts'
import type { Hasher } from './sha256.ts'
import { withPace, type TransferProgress } from './transfer-pace.ts'
import type { UploadMemory } from './upload-memory.ts'

export interface UploadOptions {
  /** Goes on with this upload instead of a new one; when the service no longer knows it, starts anew. */
  readonly uploadId?: string | undefined
  /** Else with the one that this remembers. @default the client's */
  readonly memory?: UploadMemory | undefined
  /** Told once the upload has an id: keep it to resume after an interruption. */
  readonly onStarted?: ((uploadId: string) => void) | undefined
  readonly onProgress?: TransferProgress | undefined
  /** Parts in flight. @default 3 */
  readonly parallel?: number | undefined
  /** Size of a new upload's parts, if the store can bear it: on a line that breaks often small ones lose less. @default the service's */
  readonly partBytes?: number | undefined
  readonly newHasher?: (() => Hasher) | undefined
  readonly signal?: AbortSignal | undefined
}
export interface Uploaded {
  readonly uploadId: string
  readonly uri?: string
  /** Of the whole, where the service or the source knows it. */
  readonly sha256?: string
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
    const onProgress = withPace(options.onProgress)
    let session = await openSession(connection, source, options)
    options.onStarted?.(session.uploadId)
    const resumedBytes = session.receivedBytes
    const send = async ({ partBytes, partUrls, receivedBytes }: Session): Promise<boolean> => {
      const sent = await sendParts(connection, source, {
        ...options,
        parts: partUrls,
        partBytes,
        receivedBytes,
        onProgress,
        signal,
      })
      return !sent.expired
    }
    // Signed URLs end some time: a long upload asks for new ones and goes on.
    for (let round = 0; !session.done && !(await send(session));) {
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
      await options.memory?.forget(connection.url, source)
      throw new TransferError(
        'checksum',
        `${source.name}: the service stored SHA-256 ${completed.sha256}, the file has ${wanted}; upload it again`,
      )
    }
    const sha256 = completed.sha256 ?? wanted
    return {
      uploadId: session.uploadId,
      uri: completed.uri,
      resumedBytes,
      ...(sha256 === undefined ? {} : { sha256 }),
    }
  } finally {
    stop.abort()
  }
}

async function openSession(
  connection: Connection,
  source: ByteSource,
  options: UploadOptions,
): Promise<Session> {
  const { memory } = options
  const uploadId = options.uploadId ?? (await memory?.recall(connection.url, source))
  if (uploadId !== undefined) {
    try {
      const known = await readSession(connection, uploadId, source.size)
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
      ...(options.partBytes === undefined ? {} : { part_size_bytes: options.partBytes }),
    },
    signal: options.signal,
  })
  await memory?.remember(connection.url, source, started.upload_id)
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
