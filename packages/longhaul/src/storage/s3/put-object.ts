import { createHash, type Hash } from 'node:crypto'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { headerMediaType } from '../../support/media-type.ts'
import { checkSha256 } from '../check-bytes.ts'
import { mediaTypeOf } from '../media-type-of.ts'
import type { Bytes, ObjectInfo, PutOptions } from '../object-store.ts'
import type { Capabilities } from './capabilities.ts'
import type { Connection } from './connection.ts'
import { cutBody, type Piece } from './cut-body.ts'
import { infoOfStored } from './head-object.ts'
import { sha256Field } from './object-info.ts'
import { abortUpload, beginUpload, completeParts, sendPart } from './upload-requests.ts'
import { nameOf, statusOf } from './store-errors.ts'

const MiB = 1024 * 1024
/** Pieces on their way at once, beside the one that fills. */
const parallel = 2

/**
 * Streams a body in pieces that are held in memory until the store has them, so that each can be sent again. One piece is
 * one request; more become a multipart upload, and the object appears when that is complete.
 */
export async function putObject(
  connection: Connection,
  capabilities: Capabilities,
  key: string,
  body: Bytes,
  options: PutOptions,
): Promise<ObjectInfo> {
  const { signal } = options
  signal?.throwIfAborted()
  const pieces = cutBody(body, pieceSizes(capabilities), signal)
  try {
    const first = await pieces.next()
    if (first.done) throw new Error('A body has at least one piece')
    return first.value.isLast
      ? await putWhole(connection, capabilities, key, first.value, options)
      : await putPieces(connection, key, first.value, pieces, options)
  } finally {
    // Not awaited: a source that hangs would hold up whoever gave up on it.
    void pieces.return().catch(() => {})
  }
}

/** Grows, so that 10,000 parts are enough for hundreds of GB without large buffers for small objects. */
const pieceSizes =
  ({ limits, pieceBytes }: Capabilities) =>
  (n: number): number => {
    const smallest = Math.max(pieceBytes, limits.minPartBytes)
    if (limits.equalParts) return Math.max(smallest, 16 * MiB)
    const doublings = [0.1, 0.2, 0.4, 0.7].filter((part) => n > part * limits.maxParts).length
    return smallest * 2 ** doublings
  }

async function putWhole(
  connection: Connection,
  capabilities: Capabilities,
  key: string,
  { bytes, sha256 }: Piece,
  options: PutOptions,
): Promise<ObjectInfo> {
  checkSha256(sha256, options.sha256)
  const mediaType = headerMediaType(options.mediaType ?? mediaTypeOf(key))
  const put = await connection.send(
    `store ${key}`,
    async (sending) => {
      const withChecksum = capabilities.checksums !== false
      const command = new PutObjectCommand({
        Bucket: connection.bucket,
        Key: key,
        Body: connection.hashed(bytes, sha256),
        ContentLength: bytes.byteLength,
        ContentType: mediaType,
        Metadata: { [sha256Field]: sha256 },
        ...(withChecksum && { ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64') }),
      })
      try {
        const answer = await connection.client.send(command, sending)
        // The first answer tells whether this store keeps checksums.
        capabilities.checksums ??= answer.ChecksumSHA256 !== undefined
        return answer
      } catch (error) {
        if (capabilities.checksums !== undefined || !isRefusal(error)) throw error
        capabilities.checksums = false
        throw Object.assign(new Error('Once more without checksums'), { code: 'EAGAIN' })
      }
    },
    { signal: options.signal },
  )
  const etag = put.ETag ?? ''
  return infoOfStored(connection, { key, size: bytes.byteLength, etag, mediaType, sha256 })
}

const isRefusal = (error: unknown): boolean =>
  [400, 501].includes(statusOf(error) ?? 0) &&
  ['NotImplemented', 'InvalidRequest', 'InvalidArgument'].includes(nameOf(error))

async function putPieces(
  connection: Connection,
  key: string,
  first: Piece,
  rest: AsyncIterable<Piece>,
  { signal, ...options }: PutOptions,
): Promise<ObjectInfo> {
  const mediaType = headerMediaType(options.mediaType ?? mediaTypeOf(key))
  const uploadId = await beginUpload(connection, key, { mediaType, sha256: options.sha256 })
  const upload = { key, uploadId }
  // Whoever knows no digest gets none: of large objects S3 cannot keep one that is known only at the end.
  const whole: Hash | undefined = options.sha256 === undefined ? undefined : createHash('sha256')
  const sent: Promise<{ partNumber: number; etag: string }>[] = []
  let size = 0
  const failing = new AbortController()
  const stop = signal ? AbortSignal.any([signal, failing.signal]) : failing.signal
  const send = async (piece: Piece) => {
    size += piece.bytes.byteLength
    whole?.update(piece.bytes)
    const part = sendPart(connection, upload, sent.length + 1, piece, stop)
    part.then(piece.release, () => failing.abort()) // seen below
    sent.push(part)
    await sent.at(-1 - parallel)
  }
  try {
    await send(first)
    for await (const piece of rest) await send(piece)
    const parts = await Promise.all(sent)
    if (whole) checkSha256(whole.digest('hex'), options.sha256)
    signal?.throwIfAborted()
    const etag = await completeParts(connection, upload, parts)
    return await infoOfStored(connection, { key, size, etag, mediaType })
  } catch (error) {
    failing.abort()
    await Promise.allSettled(sent)
    await abortUpload(connection, upload).catch(() => {}) // swept with the leftovers
    // The first part that failed says why; the others were only stopped.
    throw await firstFailure(sent, error)
  }
}

async function firstFailure(sent: readonly Promise<unknown>[], error: unknown): Promise<unknown> {
  const settled = await Promise.allSettled(sent)
  const failed = settled.find(
    (one) => one.status === 'rejected' && (one.reason as Error).name !== 'AbortError',
  )
  return (failed as PromiseRejectedResult | undefined)?.reason ?? error
}
