import { LonghaulError, isLonghaulError } from '../errors/index.ts'
import { uriOfKey, type Part } from '../storage/index.ts'
import { gapsOf, incomplete } from './check-parts.ts'
import { completeUpload } from './complete-upload.ts'
import { checkRoom } from './disk-room.ts'
import { abortStrays, cleanUp, expireUploads } from './expire-uploads.ts'
import { partBytesOf, type PartLayout } from './part-layout.ts'
import {
  allParts,
  expired,
  fileRefOf,
  keepMs,
  layoutOf,
  refOf,
  sessionOf,
  signParts,
  type UploadContext,
} from './session.ts'
import { startUploads } from './start-uploads.ts'
import type { UploadRow } from './upload-statements.ts'
import type { Uploads, UploadView } from './uploads.ts'

const hourMs = 60 * 60 * 1000

/** Holds nothing but what it is given; several processes may have one each on the same database and store. */
export function createUploads(context: UploadContext): Uploads {
  const { database } = context
  const extended = new Map<string, number>()
  let sweptAt = -Infinity

  const extend = (storeUploadId: string) =>
    database.write([{ statement: 'upload.extend', params: [keepMs(context), storeUploadId] }])

  return {
    start: (request) => startUploads(context, request),
    complete: (request) => completeUpload(context, request),
    checkRoom: (bytes, options) => checkRoom(context, bytes, options),

    async fileOf(uploadId, owner) {
      const row = await sessionOf(context, uploadId, owner)
      if (row.state === 'completed') return fileRefOf(context, row)
      if (row.state === 'expired') throw expired(row)
      const { missing, short } = gapsOf(layoutOf(row), await partsOf(context, row))
      if (missing.length + short.length > 0) throw incomplete(layoutOf(row), missing, short)
      throw new LonghaulError(
        'upload-incomplete',
        `All parts of ${uploadId} have arrived; complete it with POST /uploads/${uploadId}/complete.`,
      )
    },

    async filesOf(uploadIds, owner) {
      if (uploadIds.length === 0) return new Map()
      const ids = JSON.stringify(uploadIds)
      const rows = await database.read<UploadRow>('upload.completed-of', [ids])
      const usable = rows.filter((row) => owner === 'everyone' || row.owner === owner)
      return new Map(usable.map((row) => [row.id, fileRefOf(context, row)]))
    },

    async ownerOf(key) {
      const [row] = await database.read<UploadRow>('upload.of-key', [key])
      return row?.owner
    },

    async get(uploadId, owner, options) {
      const row = await sessionOf(context, uploadId, owner)
      if (row.state === 'expired') throw expired(row)
      const view = await viewOf(context, row)
      if (options === undefined || row.state === 'completed') return view
      const ref = refOf(row)
      await extend(ref.uploadId)
      const partUrls = await signParts(
        context,
        ref,
        layoutOf(row),
        options.baseUrl,
        view.missingParts,
      )
      return { ...view, partUrls, expiresAt: new Date(Date.now() + keepMs(context)) }
    },

    async abort(uploadId, owner) {
      const row = await sessionOf(context, uploadId, owner)
      if (row.state === 'expired') throw expired(row)
      await database.write([{ statement: 'upload.abort', params: [row.id, row.job_id] }])
      const [now] = await database.read<UploadRow>('upload.of-key', [row.key])
      if (now?.state === 'completed')
        throw new LonghaulError(
          'upload-complete',
          `The upload of ${JSON.stringify(row.filename)} is complete: jobs may be reading it.`,
        )
      await cleanUp(context)
    },

    async partReceived(storeUploadId) {
      // Thousands of parts need not be thousands of writes.
      const before = extended.get(storeUploadId)
      if (before !== undefined && Date.now() - before < keepMs(context) / 10) return
      if (extended.size > 10_000) extended.clear()
      extended.set(storeUploadId, Date.now())
      await extend(storeUploadId)
    },

    async expire() {
      const count = await expireUploads(context)
      if (performance.now() - sweptAt > hourMs) {
        await abortStrays(context)
        sweptAt = performance.now()
      }
      return count
    },
  }
}

async function viewOf(context: UploadContext, row: UploadRow): Promise<UploadView> {
  const layout = layoutOf(row)
  const stored = row.state === 'completed' ? allOf(layout) : await partsOf(context, row)
  const { missing, short } = gapsOf(layout, stored)
  const missingParts = [...missing, ...short].sort((a, b) => a - b)
  const isMissing = new Set(missingParts)
  return {
    uploadId: row.id,
    filename: row.filename,
    sizeBytes: row.size_bytes,
    partBytes: row.part_bytes,
    status: row.state === 'completed' ? 'completed' : 'open',
    uri: uriOfKey(context.storage.bucket, row.key),
    receivedBytes: stored
      .filter((part) => !isMissing.has(part.partNumber))
      .reduce((sum, part) => sum + part.size, 0),
    missingParts,
    expiresAt: new Date(row.expires_at),
  }
}

/** When the store has published and the row does not say so yet, all parts are there: completing settles it. */
async function partsOf(context: UploadContext, row: UploadRow): Promise<readonly Part[]> {
  try {
    return await context.storage.listParts(refOf(row))
  } catch (error) {
    if (!isLonghaulError(error, 'upload-not-found') || row.store_upload_id === null) throw error
    const info = await context.storage.head(row.key)
    if (info?.size !== row.size_bytes) throw error
    return allOf(layoutOf(row))
  }
}

const allOf = (layout: PartLayout): Part[] =>
  [...allParts(layout)].map((partNumber) => ({
    partNumber,
    etag: '',
    size: partBytesOf(layout, partNumber),
  }))
