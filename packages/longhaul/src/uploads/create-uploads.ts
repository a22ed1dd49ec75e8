import { LonghaulError } from '../errors/index.ts'
import { gapsOf, incomplete } from './check-parts.ts'
import { completeUpload } from './complete-upload.ts'
import { checkRoom } from './disk-room.ts'
import { abortStrays, cleanUp, expireUploads } from './expire-uploads.ts'
import { abortIngest, filesOfIngest } from './ingest-files.ts'
import { expired, fileRefOf, keepMs, layoutOf, sessionOf, type UploadContext } from './session.ts'
import { putPart } from './put-part.ts'
import { startUploads } from './start-uploads.ts'
import type { UploadRow } from './upload-statements.ts'
import { partsOf, uploadView } from './upload-view.ts'
import type { Uploads } from './uploads.ts'

const hourMs = 60 * 60 * 1000

/** Holds nothing but what it is given; several processes may have one each on the same database and store. */
export function createUploads(context: UploadContext): Uploads {
  const { database } = context
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
      return uploadView(context, await sessionOf(context, uploadId, owner), options)
    },

    ofIngest: (jobId, owner, options) => filesOfIngest(context, jobId, owner, options),
    abortIngest: (jobId, owner) => abortIngest(context, jobId, owner),

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
