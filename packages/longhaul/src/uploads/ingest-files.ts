import { LonghaulError } from '../errors/index.ts'
import type { JobId } from '../jobs/job.ts'
import { announcedFile } from './bin-files.ts'
import { cleanUp } from './expire-uploads.ts'
import type { UploadContext } from './session.ts'
import type { UploadRow } from './upload-statements.ts'
import { uploadView } from './upload-view.ts'
import type { IngestFile } from './uploads.ts'

/** Files whose parts the store is asked for at once. */
const parallel = 8

export async function filesOfIngest(
  context: UploadContext,
  jobId: JobId,
  owner: string | 'everyone',
  options?: { readonly baseUrl: string },
): Promise<readonly IngestFile[]> {
  const rows = await ownRows(context, jobId, owner)
  if (rows.every(({ state }) => state === 'aborted')) throw notFound(jobId)
  const files: IngestFile[] = []
  for (let at = 0; at < rows.length; at += parallel)
    files.push(
      ...(await Promise.all(
        rows.slice(at, at + parallel).map(async (row) => ({
          ...(await uploadView(context, row, options)),
          ...announcedFile(row),
          key: row.key,
          storeUploadId: row.store_upload_id ?? '',
          submitted: row.consumed_at !== null,
        })),
      )),
    )
  return files
}

export async function abortIngest(
  context: UploadContext,
  jobId: JobId,
  owner: string | 'everyone',
): Promise<void> {
  const { database } = context
  const [first] = await ownRows(context, jobId, owner)
  await database.write([{ statement: 'upload.abort', params: [first?.id ?? null, jobId] }])
  const rows = await ownRows(context, jobId, owner)
  if (rows.some(({ consumed_at }) => consumed_at !== null))
    throw new LonghaulError(
      'upload-complete',
      `Every file of the ingest ${jobId} has come, and it is a job now: cancel that.`,
    )
  await cleanUp(context)
}

/** In the order of the start. Another owner's ingest is as unknown as none. */
async function ownRows(
  { database }: UploadContext,
  jobId: JobId,
  owner: string | 'everyone',
): Promise<readonly UploadRow[]> {
  const rows = await database.read<UploadRow>('upload.of-job', [jobId])
  const own = rows.filter((row) => owner === 'everyone' || row.owner === owner)
  if (own.length === 0) throw notFound(jobId)
  return own
}

const notFound = (jobId: JobId) =>
  new LonghaulError('upload-not-found', `There is no ingest ${JSON.stringify(jobId.slice(0, 64))}.`)
