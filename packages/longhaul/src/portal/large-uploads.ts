import { largeUploadRequest, type PortalUploadStatus } from '@longhaul/protocol'
import type { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import type { Scope } from '../jobs/engine.ts'
import { parseRequest } from '../validation/index.ts'
import { placeOf } from './file-place.ts'
import { findDataset } from './find-dataset.ts'
import { portalId } from './portal-id.ts'
import type { PortalUploadRow } from './portal-statements.ts'
import { noteOf } from './receive-form.ts'
import { submitUpload, submitUploadJob } from './submit-upload.ts'
import { findUpload } from './upload-view.ts'

export type LargeUploadRequest = z.output<typeof largeUploadRequest>
export interface Caller {
  readonly owner: string
  readonly scope: Scope
}

/** A session of chunks: it outlives the service, and everything said of the dataset is kept with it. */
export async function startLarge(
  { uploads, database, config }: Pick<Services, 'uploads' | 'database' | 'config'>,
  request: LargeUploadRequest,
  { owner, scope }: Caller,
  baseUrl: string,
): Promise<{ readonly id: string; readonly chunkSize: number; readonly chunks: number }> {
  const { filename, file_size: sizeBytes, file_hash, relative_path } = request
  placeOf(filename, relative_path)
  // What cannot be added to is said before terabytes are sent.
  if (request.add_to_existing)
    await findDataset({ database }, request.dataset_identifier ?? '', scope)
  const id = portalId('large_upload')
  const { files } = await uploads.start({
    owner,
    partBytes: config.chunkBytes,
    baseUrl,
    files: [{ filename, sizeBytes, sha256: file_hash.toLowerCase(), note: noteOf(id) }],
  })
  const [file] = files
  if (!file) throw new Error('An upload of one file started none')
  const { fileId, partBytes } = file
  const params = [
    id,
    owner,
    request.user_email,
    'local',
    null,
    fileId,
    JSON.stringify({ ...request, tags: request.tags.join(','), chunk_size: partBytes }),
    sizeBytes,
  ]
  await database.write([{ statement: 'portal.insert', params }])
  return { id, chunkSize: partBytes, chunks: Math.max(1, Math.ceil(sizeBytes / partBytes)) }
}

export interface LargeView {
  readonly row: PortalUploadRow
  readonly session: string
  /** Numbers from 0. */
  readonly missing: readonly number[]
  readonly chunks: number
  readonly uri: string
  readonly size: number
  readonly percent: number
}

/** Throws 'upload-not-found', 'upload-expired'. */
export async function viewLarge(
  services: Pick<Services, 'uploads' | 'database'>,
  id: string,
  { scope }: Pick<Caller, 'scope'>,
): Promise<LargeView> {
  const row = await findLarge(services, id, scope)
  const session = row.session ?? ''
  const seen = await services.uploads.get(session, 'everyone')
  const chunks = Math.max(1, Math.ceil(seen.sizeBytes / seen.partBytes))
  return {
    row,
    session,
    missing: seen.missingParts.map((part) => part - 1),
    chunks,
    uri: seen.uri,
    size: seen.sizeBytes,
    percent:
      seen.sizeBytes === 0 ? 100 : Math.floor((seen.receivedBytes / seen.sizeBytes) * 10_000) / 100,
  }
}

/** How many chunks it has, from what was said at its beginning. */
export function chunksOf({ request, total_bytes }: PortalUploadRow): number {
  const { chunk_size } = JSON.parse(request ?? '{}') as { chunk_size: number }
  return Math.max(1, Math.ceil((total_bytes ?? 0) / chunk_size))
}

export async function findLarge(
  services: Pick<Services, 'database'>,
  id: string,
  scope: Scope,
): Promise<PortalUploadRow> {
  const row = await findUpload(services, id, scope).catch(() => undefined)
  if (row?.session && row.request !== null && row.ended !== 'cancelled') return row
  throw new LonghaulError(
    'upload-not-found',
    `There is no upload ${JSON.stringify(id.slice(0, 64))}.`,
  )
}

/**
 * Makes the job that publishes the file, checks it and tells the dataset. Again: the job that is there; one that failed tries
 * again, for chunks may have been sent anew. Throws 'upload-incomplete' naming the missing chunks.
 */
export async function completeLarge(
  services: Services,
  view: LargeView,
  { owner, scope }: Caller,
): Promise<string> {
  const { row, session, missing } = view
  if (row.dataset_uuid !== null) {
    const state = row.word as PortalUploadStatus
    if (state === 'failed' || state === 'cancelled') {
      if (missing.length > 0) throw missingChunks(missing)
      await services.engine.retry([row.id], 'start', scope)
    }
    return row.dataset_uuid
  }
  if (missing.length > 0) throw missingChunks(missing)
  const fields = parseRequest(largeUploadRequest, JSON.parse(row.request ?? '{}'), 'body')
  const name = placeOf(fields.filename, fields.relative_path)
  const input = { kind: 'session', upload_id: session, name } as const
  try {
    return await submitUpload(
      services,
      {
        ...{ id: row.id, owner: row.owner, scope, fields, isBegun: true },
        sourceType: 'local',
        sourcePath: fields.filename,
        totalBytes: view.size,
      },
      submitUploadJob(services, row.id, row.owner, input),
    )
  } catch (error) {
    // Two completions at once, and the other one was first.
    const now = await findLarge(services, row.id, owner === row.owner ? { owner } : scope)
    if (now.dataset_uuid !== null) return now.dataset_uuid
    throw error
  }
}

const missingChunks = (missing: readonly number[]) =>
  new LonghaulError('upload-incomplete', `Missing chunks: [${listed(missing)}]`, {
    facts: { missing_chunks: missing.slice(0, 1000), missing_count: missing.length },
  })

const listed = (numbers: readonly number[]): string =>
  numbers.slice(0, 100).join(', ') + (numbers.length > 100 ? ', …' : '')
