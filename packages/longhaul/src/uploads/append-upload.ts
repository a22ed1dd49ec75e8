import { LonghaulError, isLonghaulError } from '../errors/index.ts'
import { chunksOf, offsetMismatch, passing, type Bytes } from '../storage/index.ts'
import { checkedBody } from './checked-body.ts'
import { checkRoom } from './disk-room.ts'
import type { UploadHolders } from './hold-upload.ts'
import { completeAlready, expired, refOf, sessionOf, type UploadContext } from './session.ts'
import type { UploadRow } from './upload-statements.ts'
import type { AppendUpload, Appended, UploadOffset } from './uploads.ts'

/** Bytes on from the end of an upload. What is announced to come beyond its size is refused where it begins. */
export async function appendUpload(
  context: UploadContext,
  holders: UploadHolders,
  request: AppendUpload,
  received: (storeUploadId: string) => Promise<void>,
): Promise<Appended> {
  const { owner, uploadId, offset, checksum, signal } = request
  const row = await openSession(context, uploadId, owner)
  await checkAppendable(context, row)
  await checkRoom(context, 0, { promised: true })
  return holders.hold(row.id, async (held) => {
    const now = await openSession(context, uploadId, owner)
    const ref = refOf(now)
    const whole = request.whole ?? checksum !== undefined
    const body = checksum
      ? passing(request.body, checkedBody(request.body, checksum, signal))
      : request.body
    const limit = now.growing === 1 ? context.config.maxUploadBytes : now.size_bytes
    try {
      const end = await context.storage.append(
        ref,
        offset,
        passing(body, limited(body, limit - offset, limit)),
        {
          ...(now.growing === 0 && { partBytes: now.part_bytes }),
          whole,
          current: held.current,
          signal: signal ? AbortSignal.any([signal, held.signal]) : held.signal,
        },
      )
      return { offset: end, isComplete: now.growing !== 1 && end === now.size_bytes }
    } catch (error) {
      if (isLonghaulError(error, 'upload-not-found') && (await isPublished(context, now)))
        throw offsetMismatch(now.size_bytes, offset)
      throw error
    } finally {
      await received(ref.uploadId)
    }
  })
}

/** Where to go on. Whoever still appends is stopped first, so that the answer stays true. */
export async function offsetOf(
  context: UploadContext,
  holders: UploadHolders,
  { uploadId, owner }: { readonly uploadId: string; readonly owner: string | 'everyone' },
): Promise<UploadOffset> {
  const row = await sessionOf(context, uploadId, owner)
  if (row.state === 'expired') throw expired(row)
  const isFree = row.fence === 0 && !holders.isHeld(row.id)
  const look = () => appendedBytes(context, row)
  const offset =
    row.state === 'completed'
      ? row.size_bytes
      : isFree
        ? await look()
        : await holders.hold(row.id, look)
  return {
    uploadId: row.id,
    offset,
    ...(row.growing !== 1 && { sizeBytes: row.size_bytes }),
    status: row.state === 'completed' ? 'completed' : 'open',
    expiresAt: new Date(row.expires_at),
    filename: row.filename,
    isPartial: row.partial === 1,
    ...(row.media_type !== null && { mediaType: row.media_type }),
    ...(row.note !== null && { note: row.note }),
    ...(row.sha256 !== null && { sha256: row.sha256 }),
  }
}

/** How much has come of an upload that is fed at its end. */
export async function appendedBytes(context: UploadContext, row: UploadRow): Promise<number> {
  try {
    return await context.storage.appendedBytes(refOf(row))
  } catch (error) {
    if (isLonghaulError(error, 'upload-not-found') && (await isPublished(context, row)))
      return row.size_bytes
    throw error
  }
}

export async function declareSize(
  context: UploadContext,
  request: {
    readonly uploadId: string
    readonly owner: string | 'everyone'
    readonly sizeBytes: number
  },
): Promise<void> {
  const { uploadId, owner, sizeBytes } = request
  const { database, config } = context
  const row = await sessionOf(context, uploadId, owner)
  if (row.growing !== 1 && row.size_bytes === sizeBytes) return
  const open = await openSession(context, uploadId, owner)
  if (open.growing !== 1) throw otherSize(open)
  if (sizeBytes > config.maxUploadBytes)
    throw new LonghaulError(
      'upload-too-large',
      `${sizeBytes} bytes are more than the ${config.maxUploadBytes} that this service takes.`,
      { facts: { max_bytes: config.maxUploadBytes } },
    )
  const offset = await appendedBytes(context, open)
  if (sizeBytes < offset)
    throw new LonghaulError(
      'upload-mismatch',
      `The upload has ${offset} bytes already, so its size cannot be ${sizeBytes}.`,
      { facts: { offset } },
    )
  await checkRoom(context, sizeBytes - offset)
  await database.write([{ statement: 'upload.declare', params: [sizeBytes, open.id] }])
  const now = await sessionOf(context, uploadId, owner)
  if (now.size_bytes !== sizeBytes) throw otherSize(now)
}

async function openSession(
  context: UploadContext,
  uploadId: string,
  owner: string | 'everyone',
): Promise<UploadRow> {
  const row = await sessionOf(context, uploadId, owner)
  if (row.state === 'expired') throw expired(row)
  if (row.state === 'completed') throw completeAlready(row)
  return row
}

/** Parts that were put at their places tell nothing of an end. */
async function checkAppendable({ storage }: UploadContext, row: UploadRow): Promise<void> {
  if (row.fence > 0 || row.growing !== 0) return
  const parts = await storage.listParts(refOf(row)).catch(() => [])
  if (parts.length === 0) return
  throw new LonghaulError(
    'upload-mismatch',
    `The upload ${row.id} is sent in parts, so nothing can be appended. Send its missing parts.`,
  )
}

async function isPublished({ storage }: UploadContext, row: UploadRow): Promise<boolean> {
  return row.growing !== 1 && (await storage.head(row.key))?.size === row.size_bytes
}

/** Ends with an error where the upload does; what fits is passed on before. */
async function* limited(body: Bytes, room: number, sizeBytes: number): AsyncGenerator<Uint8Array> {
  let left = room
  for await (const chunk of chunksOf(body)) {
    if (chunk.byteLength > left) {
      if (left > 0) yield chunk.subarray(0, left)
      throw new LonghaulError(
        'body-too-large',
        `More came than the ${sizeBytes} bytes that the upload may have.`,
        { facts: { max_bytes: sizeBytes } },
      )
    }
    left -= chunk.byteLength
    yield chunk
  }
}

const otherSize = (row: UploadRow) =>
  new LonghaulError(
    'upload-mismatch',
    `The upload ${row.id} has ${row.size_bytes} bytes, as was said; that cannot be changed.`,
    { facts: { size_bytes: row.size_bytes } },
  )
