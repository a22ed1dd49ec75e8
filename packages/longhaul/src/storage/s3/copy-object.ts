import {
  CopyObjectCommand,
  UploadPartCopyCommand,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3'
import { LonghaulError } from '../../errors/index.ts'
import { quoted, type NamedPart } from '../named-parts.ts'
import type { ObjectInfo } from '../object-store.ts'
import type { Capabilities } from './capabilities.ts'
import type { Connection } from './connection.ts'
import { describeObject, headObject, infoOfStored } from './head-object.ts'
import { objectInfo } from './object-info.ts'
import { objectNotFound } from './read-object.ts'
import { isMissing, isReplaced } from './store-errors.ts'
import { abortUpload, beginUpload, completeParts } from './upload-requests.ts'
import { uriEncodePath } from '../../support/uri-encode.ts'

const MiB = 1024 * 1024
const parallel = 4

/** The store copies; no byte comes here. What it does not copy at once is copied in parts, all of one version. */
export async function copyObject(
  connection: Connection,
  capabilities: Capabilities,
  from: string,
  to: string,
): Promise<ObjectInfo> {
  const source = await describeObject(connection, from)
  if (!source) throw objectNotFound(from)
  const info = objectInfo(from, source.ContentLength ?? 0, source)
  if (from === to) return info // S3 refuses to copy an object onto itself
  const etag =
    info.size > capabilities.maxCopyBytes
      ? await copyInParts(connection, capabilities, info, source, to)
      : await copyAtOnce(connection, info, to)
  return infoOfStored(connection, { ...info, key: to, etag })
}

export const sourceOf = (bucket: string, key: string) => `${bucket}/${uriEncodePath(key)}`

async function copyAtOnce(connection: Connection, from: ObjectInfo, to: string): Promise<string> {
  const { client, bucket: Bucket, send } = connection
  const { CopyObjectResult } = await send(
    `copy ${from.key} to ${to}`,
    (options) =>
      client
        .send(
          new CopyObjectCommand({
            Bucket,
            Key: to,
            CopySource: sourceOf(Bucket, from.key),
            ...pinned(connection, from),
          }),
          options,
        )
        .catch((error: unknown) => {
          throw isReplaced(error) || isMissing(error) ? replaced(from.key) : error
        }),
    { patient: true },
  )
  return quoted(CopyObjectResult?.ETag ?? '')
}

async function copyInParts(
  connection: Connection,
  { limits, maxCopyBytes }: Capabilities,
  from: ObjectInfo,
  { ContentType }: HeadObjectCommandOutput,
  to: string,
): Promise<string> {
  const { client, bucket: Bucket, send } = connection
  const { sha256 } = from
  const upload = {
    key: to,
    uploadId: await beginUpload(connection, to, { mediaType: ContentType, sha256 }),
  }
  const smallest = Math.max(limits.minPartBytes, Math.min(512 * MiB, maxCopyBytes))
  const partBytes = Math.max(smallest, Math.ceil(from.size / limits.maxParts / MiB) * MiB)
  const copyPart = async (partNumber: number): Promise<NamedPart> => {
    const start = (partNumber - 1) * partBytes
    const end = Math.min(start + partBytes, from.size) - 1
    const { CopyPartResult } = await send(
      `copy ${from.key} to ${to}`,
      (options) =>
        client
          .send(
            new UploadPartCopyCommand({
              Bucket,
              Key: to,
              UploadId: upload.uploadId,
              PartNumber: partNumber,
              CopySource: sourceOf(Bucket, from.key),
              CopySourceRange: `bytes=${start}-${end}`,
              ...pinned(connection, from),
            }),
            options,
          )
          .catch((error: unknown) => {
            throw isReplaced(error) || isMissing(error) ? replaced(from.key) : error
          }),
      { patient: true },
    )
    return { partNumber, etag: quoted(CopyPartResult?.ETag ?? '') }
  }
  try {
    const numbers = Array.from({ length: Math.ceil(from.size / partBytes) }, (_, n) => n + 1)
    const parts: NamedPart[] = []
    for (let at = 0; at < numbers.length; at += parallel)
      parts.push(...(await Promise.all(numbers.slice(at, at + parallel).map(copyPart))))
    await checkUnchanged(connection, from)
    return await completeParts(connection, upload, parts)
  } catch (error) {
    await abortUpload(connection, upload).catch(() => {}) // swept with the leftovers
    throw error
  }
}

/** Swift compares something else with the ETag of an object of parts; there a look at the end tells. */
export const pinned = ({ isSwift }: Connection, { etag }: ObjectInfo) =>
  isSwift() && etag.includes('-') ? {} : { CopySourceIfMatch: etag }

async function checkUnchanged(connection: Connection, { key, etag }: ObjectInfo): Promise<void> {
  if ((await headObject(connection, key))?.etag !== etag) throw replaced(key)
}

const replaced = (key: string) =>
  new LonghaulError(
    'unavailable',
    `The object ${JSON.stringify(key)} was replaced or deleted while it was being copied. Try again.`,
  )
