import { ListMultipartUploadsCommand, ListPartsCommand } from '@aws-sdk/client-s3'
import { isLonghaulError } from '../../errors/index.ts'
import { checkSha256 } from '../check-bytes.ts'
import { segmentsOf } from '../keys.ts'
import { mediaTypeOf } from '../media-type-of.ts'
import {
  checkPartNumber,
  matchParts,
  quoted,
  sortParts,
  uploadNotFound,
  type NamedPart,
} from '../named-parts.ts'
import type { Bytes, MultipartUploads, ObjectInfo, Part, UploadRef } from '../object-store.ts'
import type { Capabilities } from './capabilities.ts'
import type { Connection } from './connection.ts'
import { infoOfStored } from './head-object.ts'
import { putPart, type PartOptions } from './put-part.ts'
import type { Tails } from './tail.ts'
import {
  abortUpload,
  beginUpload,
  completeParts,
  namedUpload,
  publishedAs,
} from './upload-requests.ts'
import { wholeDigests } from './whole-digests.ts'

export interface S3Multipart extends MultipartUploads {
  putPart(upload: UploadRef, partNumber: number, body: Bytes, options?: PartOptions): Promise<Part>
}

/** The store's own multipart uploads. What it lists is the truth, whoever has sent the parts. */
export function s3Multipart(
  connection: Connection,
  { limits, maxPage }: Capabilities,
  tails: Tails,
): S3Multipart {
  const { client, bucket: Bucket, send } = connection
  const digests = wholeDigests()

  /** Swift takes parts of a completed upload, which spoils the object, and would complete it once more with others. */
  const checkOpen = async (upload: UploadRef, signal?: AbortSignal): Promise<void> => {
    checkRef(upload)
    signal?.throwIfAborted()
    if (!connection.isSwift()) return
    const { key, uploadId } = upload
    const { Uploads = [] } = await send(
      `look at the upload of ${key}`,
      (options) =>
        client.send(
          new ListMultipartUploadsCommand({
            Bucket,
            Prefix: key,
            KeyMarker: key,
            UploadIdMarker: uploadId.slice(0, -1), // just before it
            MaxUploads: 1,
          }),
          options,
        ),
      { signal },
    )
    if (Uploads[0]?.UploadId !== uploadId || Uploads[0].Key !== key) throw uploadNotFound(upload)
  }

  const listParts = async (upload: UploadRef): Promise<Part[]> => {
    await checkOpen(upload)
    const parts: Part[] = []
    for (let marker: string | undefined; ;) {
      const page = await send(`list the parts of ${upload.key}`, (options) =>
        client
          .send(
            new ListPartsCommand({
              Bucket,
              Key: upload.key,
              UploadId: upload.uploadId,
              MaxParts: maxPage,
              ...(marker !== undefined && { PartNumberMarker: marker }),
            }),
            options,
          )
          .catch((error: unknown) => {
            throw namedUpload(error, upload)
          }),
      )
      for (const { PartNumber = 0, ETag = '', Size = 0, LastModified } of page.Parts ?? [])
        parts.push({
          partNumber: PartNumber,
          etag: quoted(ETag),
          size: Size,
          ...(LastModified && { storedAt: LastModified }),
        })
      const last = parts.at(-1)
      if (!page.IsTruncated || !last) return parts
      marker = page.NextPartNumberMarker ?? String(last.partNumber)
    }
  }

  async function complete(
    upload: UploadRef,
    named: readonly NamedPart[],
    sha256: string | undefined,
  ): Promise<ObjectInfo> {
    const parts = sortParts(named)
    const stored = await listParts(upload).catch((error: unknown) => {
      if (isLonghaulError(error, 'upload-not-found')) return undefined
      throw error
    })
    if (!stored) {
      const published = await publishedAs(connection, upload, parts)
      if (published) return published
      throw uploadNotFound(upload)
    }
    const size = matchParts(parts, stored).reduce((sum, part) => sum + part.size, 0)
    const digest = digests.of(upload.uploadId, parts)
    if (digest !== undefined) checkSha256(digest, sha256)
    const etag = await completeParts(connection, upload, parts)
    digests.forget(upload.uploadId)
    const { key } = upload
    return infoOfStored(connection, { key, size, etag, mediaType: mediaTypeOf(key) })
  }

  return {
    limits,
    async begin(key, options = {}) {
      segmentsOf(key)
      return beginUpload(connection, key, options)
    },
    async putPart(upload, partNumber, body, options = {}) {
      checkPartNumber(partNumber, limits.maxParts)
      await checkOpen(upload, options.signal)
      return putPart(connection, digests, upload, partNumber, body, options)
    },
    listParts,
    complete: (upload, parts, options = {}) => complete(upload, parts, options.sha256),
    async abort(upload) {
      digests.forget(upload.uploadId)
      if (!isRef(upload)) return
      await abortUpload(connection, upload)
      await tails.dropAll(upload)
    },
    async *listUploads(prefix) {
      for (let from = {}; ;) {
        const page = await send(`list the uploads below ${prefix}`, (options) =>
          client.send(
            new ListMultipartUploadsCommand({
              Bucket,
              Prefix: prefix,
              MaxUploads: maxPage,
              ...from,
            }),
            options,
          ),
        )
        for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
          if (Key?.startsWith(prefix) && UploadId)
            yield { key: Key, uploadId: UploadId, startedAt: Initiated ?? new Date(0) }
        if (!page.IsTruncated || page.NextKeyMarker === undefined) return
        from = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
      }
    },
  }
}

/** Without an upload's name the store would take a part for an object. */
const isRef = ({ uploadId }: UploadRef): boolean => /^[\x21-\x7e]+$/.test(uploadId)

function checkRef(upload: UploadRef): void {
  segmentsOf(upload.key)
  if (!isRef(upload)) throw uploadNotFound(upload)
}
