import type { PortalUpload, PortalUploadStatus } from '@longhaul/protocol'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import type { Scope } from '../jobs/engine.ts'
import { iso } from '../jobs/index.ts'
import type { Progress } from '../jobs/job.ts'
import { ownerIn } from './find-dataset.ts'
import type { PortalUploadRow } from './portal-statements.ts'
import { errorIn } from './settle-uploads.ts'

/** The upload of that id; another owner's is as unknown as none. */
export async function findUpload(
  { database }: Pick<Services, 'database'>,
  id: string,
  scope: Scope,
): Promise<PortalUploadRow> {
  const known = /^[\w-]{1,128}$/.test(id)
  const [row] = known
    ? await database.read<PortalUploadRow>('portal.get', [id, ownerIn(scope)])
    : []
  if (row) return row
  throw new LonghaulError('job-not-found', `Job ${JSON.stringify(id.slice(0, 128))} not found`)
}

/** One upload with every field that system E's code or its documentation has. */
export async function uploadView(
  { uploads }: Pick<Services, 'uploads'>,
  row: PortalUploadRow,
): Promise<PortalUpload> {
  const status = row.word as PortalUploadStatus
  const session = await sessionOf(uploads, row)
  const progress = JSON.parse(row.progress ?? '{}') as Progress
  const total = row.total_bytes ?? session?.total ?? progress.total ?? null
  const done = status === 'completed' ? total : bytesDone(row, session, progress)
  const error = errorOf(row, status)
  return {
    job_id: row.id,
    status,
    progress_percentage: percentOf(status, done, total, progress),
    bytes_uploaded: done,
    bytes_total: total,
    message: session?.message ?? progress.message ?? messages[status],
    error,
    error_message: error,
    speed_mbps:
      progress.ratePerSecond === undefined ? null : progress.ratePerSecond / (1024 * 1024),
    eta_seconds: progress.etaSeconds ?? null,
    current_file: currentFile(progress),
    created_at: iso(row.created_at),
    updated_at: iso(Math.max(row.created_at, row.changed_at)),
    source_type: row.source_type,
    dataset_uuid: row.dataset_uuid,
  }
}

const messages: Readonly<Record<PortalUploadStatus, string>> = {
  queued: 'The upload waits for its turn',
  initializing: 'The upload begins',
  uploading: 'Bytes are coming in',
  processing: 'The files are being processed',
  verifying: 'The file is being checked',
  paused: 'The upload is paused',
  completed: 'The upload is complete',
  failed: 'The upload failed',
  cancelled: 'The upload was cancelled',
}

interface OpenSession {
  readonly received: number
  readonly total: number | null
  readonly message: string
}

/** While there is no job yet, the session knows how far it is. */
async function sessionOf(
  uploads: Services['uploads'],
  row: PortalUploadRow,
): Promise<OpenSession | undefined> {
  if (row.session === null || row.job_state !== null || row.session_state !== 'open')
    return undefined
  try {
    const seen = await uploads.get(row.session, 'everyone')
    const total = seen.isGrowing ? null : seen.sizeBytes
    const count = total === null ? undefined : Math.max(1, Math.ceil(total / seen.partBytes))
    const message =
      count === undefined
        ? 'The file is coming in'
        : `Chunked upload: ${count - seen.missingParts.length}/${count} chunks`
    return { received: seen.receivedBytes, total, message }
  } catch {
    return undefined // it ended meanwhile
  }
}

function bytesDone(
  row: PortalUploadRow,
  session: OpenSession | undefined,
  progress: Progress,
): number | null {
  if (session !== undefined) return session.received
  // Its bytes were all there before the job began.
  if (row.session !== null && row.job_state !== null) return row.total_bytes
  return progress.done ?? null
}

function percentOf(
  status: PortalUploadStatus,
  done: number | null,
  total: number | null,
  { percent }: Progress,
): number {
  if (status === 'completed') return 100
  const known = percent ?? (done !== null && total ? (done / total) * 100 : 0)
  return Math.round(Math.min(100, Math.max(0, known)) * 100) / 100
}

function currentFile({ detail }: Progress): string | null {
  const file = detail?.['current_file']
  return typeof file === 'string' ? file : null
}

function errorOf(row: PortalUploadRow, status: PortalUploadStatus): string | null {
  if (status === 'cancelled') return 'The upload was cancelled'
  if (status !== 'failed') return null
  return row.job_state === null
    ? 'The upload was not finished in time, and has been discarded'
    : errorIn(row.problem)
}
