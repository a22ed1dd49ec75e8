import { createHash } from 'node:crypto'
import { LonghaulError } from '../errors/index.ts'
import { checkSha256, chunksOf, type Bytes } from '../storage/index.ts'
import { partBytesOf, partCountOf } from './part-layout.ts'
import { expired, layoutOf, refOf, sessionOf, type UploadContext } from './session.ts'
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
  if (row.state === 'completed')
    throw new LonghaulError(
      'upload-complete',
      `The upload of ${JSON.stringify(row.filename)} is complete already. Start a new one to send something else.`,
    )
  const layout = layoutOf(row)
  const count = partCountOf(layout)
  if (partNumber < 1 || partNumber > count)
    throw new LonghaulError(
      'invalid-part',
      `This upload has the parts 1 to ${count}; there is no part ${partNumber}.`,
      { facts: { invalid_parts: [partNumber] } },
    )
  const body = sha256 === undefined ? request.body : checked(request.body, sha256, signal)
  const part = await context.storage.putPart(refOf(row), partNumber, body, {
    sizeBytes: partBytesOf(layout, partNumber),
    ...(signal && { signal }),
  })
  await received(refOf(row).uploadId)
  return { ...part, ...(sha256 !== undefined && { sha256: sha256.toLowerCase() }) }
}

/** The same bytes; an error in place of their end when they have another digest. */
async function* checked(
  body: Bytes,
  sha256: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const chunk of chunksOf(body, signal)) {
    hash.update(chunk)
    yield chunk
  }
  checkSha256(hash.digest('hex'), sha256)
}
