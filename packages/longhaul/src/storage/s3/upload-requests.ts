import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { headerMediaType } from '../../support/media-type.ts'
import { mediaTypeOf } from '../media-type-of.ts'
import {
  etagOfParts,
  invalidParts,
  quoted,
  uploadNotFound,
  type NamedPart,
} from '../named-parts.ts'
import type { Part, UploadRef } from '../object-store.ts'
import type { Connection } from './connection.ts'
import { headObject } from './head-object.ts'
import { sha256Field } from './object-info.ts'
import { isMissing, isNoUpload, nameOf } from './store-errors.ts'

export async function beginUpload(
  { client, bucket: Bucket, send }: Connection,
  key: string,
  { mediaType, sha256 }: { mediaType?: string | undefined; sha256?: string | undefined },
): Promise<string> {
  const { UploadId } = await send(`begin an upload of ${key}`, (options) =>
    client.send(
      new CreateMultipartUploadCommand({
        Bucket,
        Key: key,
        ContentType: headerMediaType(mediaType ?? mediaTypeOf(key)),
        ...(sha256 !== undefined && { Metadata: { [sha256Field]: sha256.toLowerCase() } }),
      }),
      options,
    ),
  )
  if (!UploadId) throw new Error('The store began an upload without a name')
  return UploadId
}

/** From memory, so that it may be sent again. */
export async function sendPart(
  { client, bucket: Bucket, send, hashed }: Connection,
  upload: UploadRef,
  partNumber: number,
  { bytes, sha256 }: { readonly bytes: Uint8Array; readonly sha256: string },
  signal?: AbortSignal,
): Promise<Part> {
  const { ETag } = await send(
    `store part ${partNumber} of ${upload.key}`,
    (options) =>
      client
        .send(
          new UploadPartCommand({
            Bucket,
            Key: upload.key,
            UploadId: upload.uploadId,
            PartNumber: partNumber,
            Body: hashed(bytes, sha256),
            ContentLength: bytes.byteLength,
          }),
          options,
        )
        .catch((error: unknown) => {
          throw namedUpload(error, upload)
        }),
    { signal },
  )
  return { partNumber, etag: quoted(ETag ?? ''), size: bytes.byteLength, sha256 }
}

/**
 * Publishes; answers the object's ETag. The same completion may be asked for again, by others too: an upload that the
 * store no longer knows is done when the object is made of exactly these parts.
 */
export function completeParts(
  connection: Connection,
  upload: UploadRef,
  parts: readonly NamedPart[],
): Promise<string> {
  const { client, bucket: Bucket, send } = connection
  return send(
    `complete the upload of ${upload.key}`,
    async (options) => {
      try {
        const { ETag } = await client.send(
          new CompleteMultipartUploadCommand({
            Bucket,
            Key: upload.key,
            UploadId: upload.uploadId,
            MultipartUpload: {
              Parts: parts.map(({ partNumber, etag }) => ({ PartNumber: partNumber, ETag: etag })),
            },
          }),
          options,
        )
        return quoted(ETag ?? '')
      } catch (error) {
        if (!isNoUpload(error) && !isMissing(error)) throw namedUpload(error, upload)
        const published = await publishedAs(connection, upload, parts)
        if (!published) throw uploadNotFound(upload)
        return published.etag
      }
    },
    { patient: true },
  )
}

/** The object at this key, if it is what these parts make. */
export async function publishedAs(
  connection: Connection,
  { key }: UploadRef,
  parts: readonly NamedPart[],
) {
  const info = await headObject(connection, key)
  return info?.etag === etagOfParts(parts) ? info : undefined
}

export async function abortUpload(
  { client, bucket: Bucket, send }: Connection,
  { key, uploadId }: UploadRef,
): Promise<void> {
  await send(`abort the upload of ${key}`, (options) =>
    client
      .send(new AbortMultipartUploadCommand({ Bucket, Key: key, UploadId: uploadId }), options)
      .then(
        () => undefined,
        (error: unknown) => {
          if (!isNoUpload(error) && !isMissing(error)) throw error
        },
      ),
  )
}

export function namedUpload(error: unknown, upload: UploadRef): unknown {
  if (isNoUpload(error) || isMissing(error)) return uploadNotFound(upload)
  switch (nameOf(error)) {
    case 'InvalidPart':
      return invalidParts([], 'The store has no such part, or with another ETag; send it again.')
    case 'InvalidPartOrder':
      return invalidParts([], 'The parts are not in ascending order.')
    case 'EntityTooSmall':
      return invalidParts([], 'A part that is not the last is smaller than the store allows.')
    default:
      return error
  }
}
