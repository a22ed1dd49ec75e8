import { LonghaulError } from '../errors/index.ts'
import { partBytesOf, partCountOf } from './part-layout.ts'
import {
  completeAlready,
  expired,
  isAppended,
  layoutOf,
  refOf,
  sessionOf,
  type UploadContext,
} from './session.ts'
import type { PutPart, ReceivedPart } from './uploads.ts'

/** A wrong body breaks off the store's writing, which then keeps nothing of it. */
export async function putPart(
  context: UploadContext,
  request: PutPart,
  received: (storeUploadId: string) => Promise<void>,
): Promise<ReceivedPart> {
  const { uploadId, owner, partNumber, sha256, signal } = request
  const row = await sessionOf(context, uploadId, owner)
  if (row.state === 'expired') throw expired(row)
  if (row.state === 'completed') throw completeAlready(row)
  if (isAppended(row))
    throw new LonghaulError(
      'upload-mismatch',
      `The upload ${row.id} is sent in one stream. Go on at its end.`,
    )
  const layout = layoutOf(row)
  const count = partCountOf(layout)
  if (partNumber < 1 || partNumber > count)
    throw new LonghaulError(
      'invalid-part',
      `This upload has the parts 1 to ${count}; there is no part ${partNumber}.`,
      { facts: { invalid_parts: [partNumber] } },
    )
  const part = await context.storage.putPart(refOf(row), partNumber, request.body, {
    sizeBytes: partBytesOf(layout, partNumber),
    ...(sha256 !== undefined && { sha256 }),
    ...(signal && { signal }),
  })
  await received(refOf(row).uploadId)
  return { ...part, ...(sha256 !== undefined && { sha256: sha256.toLowerCase() }) }
}
