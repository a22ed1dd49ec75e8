import { LonghaulError } from '../errors/index.ts'
import { appendUpload, appendedBytes, declareSize, offsetOf } from './append-upload.ts'
import { gapsOf, incomplete } from './check-parts.ts'
import { completeUpload } from './complete-upload.ts'
import { concatenateUploads } from './concatenate-uploads.ts'
import { checkRoom } from './disk-room.ts'
import { abortStrays, cleanUp, expireUploads } from './expire-uploads.ts'
import { abortIngest, filesOfIngest } from './ingest-files.ts'
import { uploadHolders } from './hold-upload.ts'
import {
  expired,
  fileRefOf,
  isAppended,
  keepMs,
  layoutOf,
  sessionOf,
  type UploadContext,
} from './session.ts'
import { putPart } from './put-part.ts'
import { startUploads } from './start-uploads.ts'
import type { UploadRow } from './upload-statements.ts'
import { partsOf, uploadView } from './upload-view.ts'
import type { Uploads } from './uploads.ts'

const hourMs = 60 * 60 * 1000

/** Holds nothing but what it is given; several processes may have one each on the same database and store. */
export function createUploads(context: UploadContext): Uploads {
  const { database } = context
  const holders = uploadHolders(context)
  const extended = new Map<string, number>()
  let sweptAt = -Infinity

  const extend = (storeUploadId: string) =>
    database.write([{ statement: 'upload.extend', params: [keepMs(context), storeUploadId] }])

  async function partReceived(storeUploadId: string): Promise<void> {
    // Thousands of parts need not be thousands of writes.
    const before = extended.get(storeUploadId)
    if (before !== undefined && Date.now() - before < keepMs(context) / 10) return
    if (extended.size > 10_000) extended.clear()
    extended.set(storeUploadId, Date.now())
    await extend(storeUploadId)
  }

  return {
    start: (request) => startUploads(context, request),
    putPart: (request) => putPart(context, request, partReceived),
    append: (request) => appendUpload(context, holders, request, partReceived),
    offsetOf: (request) => offsetOf(context, holders, request),
    declareSize: (request) => declareSize(context, request),
    concatenate: (request) => concatenateUploads(context, request),
    complete: (request) => completeUpload(context, holders, request),
    checkRoom: (bytes, options) => checkRoom(context, bytes, options),

    async fileOf(uploadId, owner) {
      const row = await sessionOf(context, uploadId, owner)
      if (row.partial === 1)
        throw new LonghaulError(
          'upload-mismatch',
          `The upload ${uploadId} is only material for another one. Join it with the others first.`,
        )
      if (row.state === 'completed') return fileRefOf(context, row)
      if (row.state === 'expired') throw expired(row)
      if (isAppended(row))
        throw new LonghaulError(
          'upload-incomplete',
          `The upload ${uploadId} has not ended: ${await appendedBytes(context, row)} bytes have come.`,
        )
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
      const usable = rows.filter(
        (row) => row.partial === 0 && (owner === 'everyone' || row.owner === owner),
      )
      return new Map(usable.map((row) => [row.id, fileRefOf(context, row)]))
    },

    async ownerOf(key) {
      const [row] = await database.read<UploadRow>('upload.of-key', [key])
      return row?.owner
    },

    async get(uploadId, owner, options) {
      return uploadView(context, await sessionOf(context, uploadId, owner), options)
    },

    ofIngest: (jobId, owner, options) => filesOfIngest(context, jobId, owner, options),
    abortIngest: (jobId, owner) => abortIngest(context, jobId, owner),

    async abort(uploadId, owner) {
      const row = await sessionOf(context, uploadId, owner)
      if (row.state === 'expired') throw expired(row)
      if (isAppended(row)) await holders.hold(row.id, async () => {}) // whoever appends stops first
      await database.write([{ statement: 'upload.abort', params: [row.id, row.job_id] }])
      const [now] = await database.read<UploadRow>('upload.of-key', [row.key])
      if (now?.state === 'completed')
        throw new LonghaulError(
          'upload-complete',
          `The upload of ${JSON.stringify(row.filename)} is complete: jobs may be reading it.`,
        )
      await cleanUp(context)
    },

    partReceived,

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
