import { createHash } from 'node:crypto'
import { UploadPartCopyCommand } from '@aws-sdk/client-s3'
import { LonghaulError } from '../../errors/index.ts'
import { checkSha256 } from '../check-bytes.ts'
import { quoted, type NamedPart } from '../named-parts.ts'
import type { ObjectInfo } from '../object-store.ts'
import type { Capabilities } from './capabilities.ts'
import type { Connection } from './connection.ts'
import { pinned, sourceOf } from './copy-object.ts'
import { headObject, infoOfStored } from './head-object.ts'
import { putPart } from './put-part.ts'
import { objectNotFound, readObject } from './read-object.ts'
import { isMissing, isReplaced } from './store-errors.ts'
import { abortUpload, beginUpload, completeParts } from './upload-requests.ts'
import { mediaTypeOf } from '../media-type-of.ts'
import { wholeDigests } from './whole-digests.ts'

/** A stretch of one object; `end` is exclusive. */
interface Stretch {
  readonly object: ObjectInfo
  readonly start: number
  readonly end: number
}

/**
 * The store copies: a part is a stretch of one object. What is too short for a part is read and sent together with what
 * follows; of objects that are long enough nothing comes here.
 */
export async function concatenate(
  connection: Connection,
  capabilities: Capabilities,
  from: readonly string[],
  to: string,
  options: { readonly mediaType?: string; readonly sha256?: string },
): Promise<ObjectInfo> {
  const objects: ObjectInfo[] = []
  for (const key of from) {
    const info = await headObject(connection, key)
    if (!info) throw objectNotFound(key)
    objects.push(info)
  }
  if (options.sha256 !== undefined) {
    const hash = createHash('sha256')
    const all = objects.map((object) => ({ object, start: 0, end: object.size }))
    for await (const chunk of read(connection, all)) hash.update(chunk)
    checkSha256(hash.digest('hex'), options.sha256)
  }
  const plan = planParts(objects, capabilities)
  if (plan.length > capabilities.limits.maxParts)
    throw new LonghaulError(
      'upload-too-large',
      `The store takes at most ${capabilities.limits.maxParts} parts; these objects make ${plan.length}.`,
    )
  const mediaType = options.mediaType ?? mediaTypeOf(to)
  const upload = { key: to, uploadId: await beginUpload(connection, to, { ...options, mediaType }) }
  const digests = wholeDigests() // of no use here
  try {
    const parts: NamedPart[] = []
    for (const [n, stretches] of plan.entries()) {
      const [only] = stretches
      if (stretches.length === 1 && only && isWorthCopying(only, capabilities))
        parts.push(await copyPart(connection, upload, n + 1, only))
      else {
        const sizeBytes = lengthOf(stretches)
        const body = () => read(connection, stretches)
        parts.push(await putPart(connection, digests, upload, n + 1, body, { sizeBytes }))
      }
    }
    const etag = await completeParts(connection, upload, parts)
    const size = objects.reduce((sum, object) => sum + object.size, 0)
    return await infoOfStored(connection, { key: to, size, etag, mediaType })
  } catch (error) {
    await abortUpload(connection, upload).catch(() => {}) // swept with the leftovers
    throw error
  }
}

const lengthOf = (stretches: readonly Stretch[]) =>
  stretches.reduce((sum, { start, end }) => sum + end - start, 0)

const isWorthCopying = ({ start, end }: Stretch, { limits }: Capabilities): boolean =>
  end - start >= Math.max(limits.minPartBytes, 1)

/** Every part but the last has at least what the store wants, and at most what it copies. */
export function planParts(
  objects: readonly ObjectInfo[],
  { limits: { minPartBytes }, maxCopyBytes }: Pick<Capabilities, 'limits' | 'maxCopyBytes'>,
): readonly (readonly Stretch[])[] {
  const parts: Stretch[][] = []
  let short: Stretch[] = []
  for (const object of objects)
    for (let start = 0; start < object.size;) {
      const missing = minPartBytes - lengthOf(short)
      const left = object.size - start
      // What is short takes just enough; and no more is left of an object than makes a part, or nothing.
      const wanted = short.length > 0 ? missing : left <= maxCopyBytes ? left : maxCopyBytes
      const rest = left - wanted
      const end =
        start +
        (rest > 0 && rest < minPartBytes && short.length === 0
          ? left - minPartBytes
          : Math.min(wanted, left))
      short.push({ object, start, end })
      start = end
      if (lengthOf(short) < minPartBytes) continue
      parts.push(short)
      short = []
    }
  if (short.length > 0 || parts.length === 0) parts.push(short)
  return parts
}

async function copyPart(
  connection: Connection,
  { key, uploadId }: { readonly key: string; readonly uploadId: string },
  partNumber: number,
  { object, start, end }: Stretch,
): Promise<NamedPart> {
  const { client, bucket: Bucket, send } = connection
  const { CopyPartResult } = await send(
    `copy ${object.key} into ${key}`,
    (options) =>
      client
        .send(
          new UploadPartCopyCommand({
            Bucket,
            Key: key,
            UploadId: uploadId,
            PartNumber: partNumber,
            CopySource: sourceOf(Bucket, object.key),
            CopySourceRange: `bytes=${start}-${end - 1}`,
            ...pinned(connection, object),
          }),
          options,
        )
        .catch((error: unknown) => {
          throw isReplaced(error) || isMissing(error) ? objectNotFound(object.key) : error
        }),
    { patient: true },
  )
  return { partNumber, etag: quoted(CopyPartResult?.ETag ?? '') }
}

async function* read(
  connection: Connection,
  stretches: readonly Stretch[],
): AsyncGenerator<Uint8Array> {
  for (const { object, start, end } of stretches)
    if (end > start)
      yield* (await readObject(connection, object.key, { start, end: end - 1 }))
        .body as AsyncIterable<Uint8Array>
}
