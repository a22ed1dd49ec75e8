import { createHash, type Hash } from 'node:crypto'
import { Readable } from 'node:stream'
import { UploadPartCommand } from '@aws-sdk/client-s3'
import { chunksOf } from '../body-chunks.ts'
import { chunksLast } from '../lasting-chunks.ts'
import { checkSha256, otherSize } from '../check-bytes.ts'
import { invalidParts, quoted } from '../named-parts.ts'
import type { Bytes, Part, UploadRef } from '../object-store.ts'
import type { Connection } from './connection.ts'
import { cutBody } from './cut-body.ts'
import { namedUpload, sendPart } from './upload-requests.ts'
import type { WholeDigests } from './whole-digests.ts'

/** A part up to this size is held in memory while it is sent, so that it can be sent again. */
export const heldBytes = 16 * 1024 * 1024

/** Large files come part after part: the memory of one serves the next, and is not left to the garbage collector. */
const spare: Buffer[] = []

export interface PartOptions {
  readonly sizeBytes?: number | undefined
  /** Hex. */
  readonly sha256?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Not held, however small; the body is a function then. */
  readonly streamed?: boolean
}

/**
 * One part. A small one, or one whose body is a function, is sent again when the store fails; what was consumed is not,
 * and the failure says so.
 */
export async function putPart(
  connection: Connection,
  digests: WholeDigests,
  upload: UploadRef,
  partNumber: number,
  body: Bytes,
  options: PartOptions,
): Promise<Part> {
  const { sizeBytes } = options
  const before = digests.before(upload.uploadId, partNumber)
  const isHeld = sizeBytes === undefined || (sizeBytes <= heldBytes && !options.streamed)
  const { part, hash } = isHeld
    ? await putHeld(connection, upload, partNumber, body, options, before?.hash)
    : await putStreamed(
        connection,
        upload,
        partNumber,
        body,
        { ...options, sizeBytes },
        before?.hash,
      )
  digests.keep(upload.uploadId, part, before, hash)
  return part
}

interface Stored {
  readonly part: Part
  /** Of everything up to the end of this part. */
  readonly hash: Hash | undefined
}

async function putHeld(
  connection: Connection,
  upload: UploadRef,
  partNumber: number,
  body: Bytes,
  { sizeBytes, sha256, signal }: PartOptions,
  before: Hash | undefined,
): Promise<Stored> {
  const pieces = cutBody(body, () => sizeBytes ?? heldBytes, signal, sizeBytes, spare)
  const first = await pieces.next()
  void pieces.return().catch(() => {})
  if (first.done) throw new Error('A body has at least one piece')
  const { bytes, isLast, hash } = first.value
  if (!isLast && sizeBytes === undefined)
    throw invalidParts(
      [partNumber],
      `Part ${partNumber} is larger than ${heldBytes} bytes; say its size beforehand, as S3 wants it.`,
    )
  if (sizeBytes !== undefined && (!isLast || bytes.byteLength !== sizeBytes))
    throw otherSize(sizeBytes, isLast ? String(bytes.byteLength) : 'more')
  checkSha256(first.value.sha256, sha256)
  const part = await sendPart(connection, upload, partNumber, first.value, signal)
  // What is first of all has just been hashed.
  const whole = partNumber === 1 ? hash : before?.update(bytes)
  if (bytes.byteLength === heldBytes && spare.length === 0) first.value.release()
  return { part, hash: whole }
}

async function putStreamed(
  { client, bucket: Bucket, send }: Connection,
  upload: UploadRef,
  partNumber: number,
  body: Bytes,
  { sizeBytes, sha256: wanted, signal }: PartOptions & { readonly sizeBytes: number },
  before: Hash | undefined,
): Promise<Stored> {
  return send(
    `store part ${partNumber} of ${upload.key}`,
    async (options) => {
      const own = createHash('sha256')
      const whole = before?.copy()
      const keep = (chunk: Uint8Array) => (chunksLast(body) ? chunk : Buffer.from(chunk))
      const see = (chunk: Uint8Array) => {
        own.update(chunk)
        whole?.update(chunk)
      }
      const isRight = () => {
        if (wanted !== undefined) checkSha256(own.copy().digest('hex'), wanted)
      }
      const chunks = exactly(chunksOf(body, signal), sizeBytes, keep, see, isRight)
      const source = Readable.from(chunks, { objectMode: false, highWaterMark: 256 * 1024 })
      source.on('error', () => {}) // the request that reads it is told
      try {
        const { ETag } = await client.send(
          new UploadPartCommand({
            Bucket,
            Key: upload.key,
            UploadId: upload.uploadId,
            PartNumber: partNumber,
            Body: source,
            ContentLength: sizeBytes,
          }),
          options,
        )
        const sha256 = own.digest('hex')
        const part = { partNumber, etag: quoted(ETag ?? ''), size: sizeBytes, sha256 }
        return { part, hash: whole }
      } catch (error) {
        throw namedUpload(error, upload)
      } finally {
        source.destroy()
      }
    },
    { signal, once: typeof body !== 'function' },
  )
}

/**
 * The last chunk is held back until the source has ended: whoever sends too much, or other bytes, must not have been
 * believed by then.
 */
async function* exactly(
  chunks: AsyncIterable<Uint8Array>,
  sizeBytes: number,
  keep: (chunk: Uint8Array) => Uint8Array,
  see: (chunk: Uint8Array) => void,
  isRight: () => void,
): AsyncGenerator<Uint8Array> {
  let size = 0
  let held: Uint8Array | undefined
  for await (const chunk of chunks) {
    size += chunk.byteLength
    if (size > sizeBytes) throw otherSize(sizeBytes, 'more')
    if (held) yield held
    held = keep(chunk)
    see(held)
  }
  if (size !== sizeBytes) throw otherSize(sizeBytes, String(size))
  isRight()
  if (held) yield held
}
