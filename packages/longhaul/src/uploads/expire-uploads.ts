import { setImmediate as turn } from 'node:timers/promises'
import { isLonghaulError } from '../errors/index.ts'
import { keepMs, refOf, type UploadContext } from './session.ts'
import { batchRows, type UploadRow } from './upload-statements.ts'

const rememberMs = 30 * 24 * 60 * 60 * 1000

/** Ends what was not finished in time; answers how many sessions that were. */
export async function expireUploads(context: UploadContext): Promise<number> {
  const { database } = context
  let count = 0
  for (;;) {
    const late = await database.read<UploadRow>('upload.late', [])
    const fed = await Promise.all(late.map((row) => fedUntil(context, row)))
    await database.write(
      late.map((row, n) => {
        const moreMs = fed[n]
        return moreMs === undefined
          ? { statement: 'upload.expire', params: [row.id, row.job_id] }
          : { statement: 'upload.extend', params: [moreMs, row.store_upload_id] }
      }),
    )
    count += fed.filter((moreMs) => moreMs === undefined).length
    if (late.length < batchRows) break
  }
  await cleanUp(context)
  await database.write([
    { statement: 'upload.forget', params: [Math.max(rememberMs, keepMs(context))] },
  ])
  return count
}

/**
 * Of parts that went straight to the store nobody has told us; when the last one is young, the session has time left, in
 * ms. A store that times them by its own clock is late or early by its skew, which days can bear.
 */
async function fedUntil(context: UploadContext, row: UploadRow): Promise<number | undefined> {
  const { storage } = context
  if (storage.signedUrls || row.store_upload_id === null) return undefined
  const parts = await storage.listParts(refOf(row)).catch((error: unknown) => {
    if (isLonghaulError(error, 'upload-not-found')) return []
    throw error
  })
  const last = Math.max(...parts.map((part) => part.storedAt?.getTime() ?? 0))
  const leftMs = last + keepMs(context) - Date.now()
  return leftMs > 0 ? leftMs : undefined
}

/** Takes out of the store what ended sessions had there. The row is marked last, so that a crash only repeats it. */
export async function cleanUp({ database, storage }: UploadContext): Promise<void> {
  for (;;) {
    const ended = await database.read<UploadRow>('upload.to-clean', [])
    for (const { id, key, store_upload_id, etag } of ended) {
      if (store_upload_id !== null) await storage.abort({ key, uploadId: store_upload_id })
      if (etag !== null) await storage.delete([key]) // a completed file of an ingest that never will be one
      await database.write([{ statement: 'upload.cleaned', params: [id] }])
    }
    if (ended.length < batchRows) return
  }
}

/** Below these an upload is a session's, or an object that is being stored in parts. What jobs give away is the worker's. */
const strayPrefixes = ({ config }: UploadContext) => [`${config.datasetsPrefix}/`, 'jobs/']

/** Uploads that the store has open and no open session knows: the service died between the two. */
export async function abortStrays(context: UploadContext): Promise<void> {
  const { database, storage, strayMs = 24 * 60 * 60 * 1000 } = context
  let seen = 0
  for (const prefix of strayPrefixes(context))
    for await (const upload of storage.listUploads(prefix)) {
      // The embedded database answers at once, so that nobody else would get a turn.
      if (++seen % 20 === 0) await turn()
      const [row] = await database.read<UploadRow>('upload.of-key', [upload.key])
      const isAwaited =
        row?.state === 'open' &&
        (row.store_upload_id === null || row.store_upload_id === upload.uploadId)
      // Without a session it may be an object on its way: not every store takes a large one in one request.
      const isYoung = !row && Date.now() - upload.startedAt.getTime() < strayMs
      if (!isAwaited && !isYoung) await storage.abort(upload)
    }
}
