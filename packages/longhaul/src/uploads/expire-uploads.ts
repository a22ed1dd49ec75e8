import { keepMs, type UploadContext } from './session.ts'
import type { UploadRow } from './upload-statements.ts'

const rememberMs = 30 * 24 * 60 * 60 * 1000

/** Ends what was not finished in time; answers how many sessions that were. */
export async function expireUploads(context: UploadContext): Promise<number> {
  const { database } = context
  let count = 0
  for (;;) {
    const late = await database.read<UploadRow>('upload.late', [])
    await database.write(
      late.map((row) => ({ statement: 'upload.expire', params: [row.id, row.job_id] })),
    )
    count += late.length
    if (late.length < 100) break
  }
  await cleanUp(context)
  await database.write([
    { statement: 'upload.forget', params: [Math.max(rememberMs, keepMs(context))] },
  ])
  return count
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
    if (ended.length < 100) return
  }
}

/** Uploads that the store has open and no open session knows: the service died between the two. */
export async function abortStrays({ database, storage, config }: UploadContext): Promise<void> {
  for await (const upload of storage.listUploads(`${config.datasetsPrefix}/`)) {
    const [row] = await database.read<UploadRow>('upload.of-key', [upload.key])
    const isAwaited =
      row?.state === 'open' &&
      (row.store_upload_id === null || row.store_upload_id === upload.uploadId)
    if (!isAwaited) await storage.abort(upload)
  }
}
