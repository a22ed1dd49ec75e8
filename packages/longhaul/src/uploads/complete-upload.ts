import { createHash } from 'node:crypto'
import { LonghaulError, isLonghaulError } from '../errors/index.ts'
import {
  chunksOf,
  etagOfParts,
  uriOfKey,
  type ObjectInfo,
  type Part,
  type UploadRef,
} from '../storage/index.ts'
import { invalidRequest } from '../validation/index.ts'
import { announcedFile } from './bin-files.ts'
import { checkParts, digestOf, sortParts, type NamedPart } from './check-parts.ts'
import type { UploadHolders } from './hold-upload.ts'
import {
  expired,
  fileRefOf,
  isAppended,
  layoutOf,
  refOf,
  sessionOf,
  type UploadContext,
} from './session.ts'
import type { CompletedUpload, CompleteUpload } from './uploads.ts'
import type { UploadRow } from './upload-statements.ts'

/**
 * Three steps, each of which may be repeated: the store publishes the object, the row says so, and with the last file of
 * an ingest the job is submitted. After a crash between them the same request goes on where it stopped.
 */
export async function completeUpload(
  context: UploadContext,
  holders: UploadHolders,
  request: CompleteUpload,
): Promise<CompletedUpload> {
  const row = await requestedSession(context, request)
  const named = request.parts && sortParts(request.parts)
  const wanted = request.sha256?.toLowerCase() ?? row.wanted_sha256 ?? undefined
  const done =
    row.state === 'completed'
      ? await sameAgain(context, row, named)
      : isAppended(row)
        ? await holders.hold(row.id, () => finish(context, row, named, wanted))
        : await finish(context, row, named, wanted)
  if (done.job_id !== null && request.submit)
    await submitWhenLast(context, done.job_id, request.submit)
  return {
    fileId: done.id,
    key: done.key,
    uri: uriOfKey(context.storage.bucket, done.key),
    etag: done.etag ?? '',
    sizeBytes: done.size_bytes,
    ...(done.sha256 !== null && { sha256: done.sha256 }),
  }
}

async function requestedSession(
  context: UploadContext,
  request: CompleteUpload,
): Promise<UploadRow> {
  const { fileId, jobId, storeUploadId } = request
  const row = await sessionOf(context, fileId, request.owner).catch((error: unknown) => {
    // Clients of an ingest take a 404 for a missing job.
    throw jobId !== undefined && isLonghaulError(error, 'upload-not-found')
      ? mismatch(`The ingest ${jobId.slice(0, 64)} has no file ${fileId.slice(0, 64)}.`)
      : error
  })
  if (jobId !== undefined && row.job_id !== jobId)
    throw mismatch(`The ingest ${jobId.slice(0, 64)} has no file ${row.id}.`)
  if (storeUploadId !== undefined && row.store_upload_id !== storeUploadId)
    throw mismatch(`The file ${row.id} has another upload_id; use that of the start's answer.`)
  if (jobId !== undefined) checkBin(row, request.bin)
  if (row.job_id !== null && !request.submit)
    throw mismatch(
      `The upload ${row.id} is a file of the ingest ${row.job_id}; complete it with POST /ingest/complete.`,
    )
  if (row.state === 'expired') throw expired(row)
  return row
}

async function sameAgain(
  { storage }: UploadContext,
  row: UploadRow,
  named: readonly NamedPart[] | undefined,
): Promise<UploadRow> {
  if (!named || row.parts_digest === digestOf(named)) return row
  if (row.parts_digest === null && (await isOfTheseParts())) return row
  throw new LonghaulError(
    'upload-complete',
    `The upload of ${JSON.stringify(row.filename)} is complete already, with other parts. Start a new upload to send something else.`,
  )

  /** Completed by a request that named none, after a crash: only the store may still know which they were. */
  async function isOfTheseParts(): Promise<boolean> {
    try {
      return Boolean(named && (await storage.complete(refOf(row), named)))
    } catch (error) {
      if (isLonghaulError(error, 'upload-not-found')) return !named || mayBeOf(row, named)
      return false
    }
  }
}

/** A store that has forgotten how the object came about may still tell by its ETag, as S3 makes them. */
function mayBeOf({ etag }: UploadRow, parts: readonly NamedPart[]): boolean {
  const expected = etagOfParts(parts)
  return expected === undefined || expected === etag
}

async function finish(
  context: UploadContext,
  row: UploadRow,
  named: readonly NamedPart[] | undefined,
  wanted: string | undefined,
): Promise<UploadRow> {
  const { storage, database } = context
  if (row.growing === 1) throw sizeUnknown(row)
  const ref = refOf(row)
  const stored = await storedParts(context, row, ref)
  let parts = named
  let info: ObjectInfo | undefined
  if (stored) {
    parts ??= stored.map(({ partNumber, etag }) => ({ partNumber, etag }))
    if (isAppended(row)) checkSize(row, stored)
    else checkParts(layoutOf(row), parts, stored)
    info = await storage.complete(ref, parts, wanted === undefined ? {} : { sha256: wanted })
  } else info = await findPublished(context, row, ref, named)
  if (wanted !== undefined) await checkPublished(context, row, info, wanted)

  await database.write([
    {
      statement: 'upload.complete',
      params: [info.etag, info.sha256 ?? wanted ?? null, parts ? digestOf(parts) : null, row.id],
    },
  ])
  const [now] = await database.read<UploadRow>('upload.of-key', [row.key])
  if (now?.state === 'completed') return now
  await storage.delete([row.key]) // it expired or was aborted in these milliseconds
  throw expired(row)
}

/** Undefined when the store no longer has the upload open: it has published it, or lost it. */
async function storedParts(
  { storage }: UploadContext,
  row: UploadRow,
  ref: UploadRef,
): Promise<readonly Part[] | undefined> {
  try {
    const parts = await (isAppended(row) ? storage.partsOfAppended(ref) : storage.listParts(ref))
    // An empty file needs no PUT.
    return parts.length === 0 && row.size_bytes === 0
      ? [await storage.putPart(ref, 1, new Uint8Array())]
      : parts
  } catch (error) {
    if (isLonghaulError(error, 'upload-not-found')) return undefined
    throw error
  }
}

/** The service died after the store had published and before the row said so. */
async function findPublished(
  { storage }: UploadContext,
  row: UploadRow,
  ref: UploadRef,
  named: readonly NamedPart[] | undefined,
): Promise<ObjectInfo> {
  try {
    if (named) return await storage.complete(ref, named)
  } catch (error) {
    if (!isLonghaulError(error, 'upload-not-found')) throw error
  }
  const info = await storage.head(row.key)
  if (info?.size === row.size_bytes) return info
  throw new LonghaulError(
    'upload-not-found',
    `The store no longer has the upload of ${JSON.stringify(row.filename)}. Start it again.`,
  )
}

async function submitWhenLast(
  context: UploadContext,
  jobId: string,
  submit: NonNullable<CompleteUpload['submit']>,
): Promise<void> {
  const { database } = context
  const files = await database.read<UploadRow>('upload.of-job', [jobId])
  if (files.some((file) => file.state !== 'completed')) return
  const isSubmitted = (rows: readonly UploadRow[]) => rows.every((row) => row.consumed_at !== null)
  if (isSubmitted(files)) return
  const consume = { statement: 'upload.consume', params: [jobId], expectRows: files.length }
  try {
    await submit(
      files.map((file) => fileRefOf(context, file)),
      files[0]?.processor ?? undefined,
      [consume],
    )
  } catch (error) {
    // Two completions were the last at once, and the other one has submitted.
    if (isSubmitted(await database.read<UploadRow>('upload.of-job', [jobId]))) return
    throw error
  }
}

/** Two bins may have files of one name, so a client says which it means. */
function checkBin(row: UploadRow, named: string | undefined): void {
  const { bin } = announcedFile(row)
  if (bin === undefined || bin === named) return
  if (named === undefined)
    throw invalidRequest([{ type: 'missing', loc: ['body', 'bin_id'], msg: 'Field required' }])
  throw mismatch(`The file ${row.id} is not of the bin ${JSON.stringify(named.slice(0, 80))}.`)
}

/** What was appended is as long as was said, or more has to come. */
function checkSize(row: UploadRow, stored: readonly Part[]): void {
  const offset = stored.reduce((sum, part) => sum + part.size, 0)
  if (offset === row.size_bytes) return
  throw new LonghaulError(
    'upload-incomplete',
    `Of ${row.size_bytes} bytes ${offset} have come. Go on there and complete again.`,
    { facts: { offset } },
  )
}

const sizeUnknown = (row: UploadRow) =>
  new LonghaulError(
    'upload-incomplete',
    `Nobody has said how long the upload ${row.id} is. Declare its size, then complete it.`,
  )

/** A store that does not know the digest of what it made of parts, as S3, is asked for the bytes once more. */
async function checkPublished(
  { storage, database }: UploadContext,
  row: UploadRow,
  info: ObjectInfo,
  wanted: string,
): Promise<void> {
  if (info.sha256 === wanted) return
  const hash = createHash('sha256')
  for await (const chunk of chunksOf((await storage.get(row.key)).body)) hash.update(chunk)
  const found = hash.digest('hex')
  if (found === wanted) return
  await storage.delete([row.key])
  await database.write([{ statement: 'upload.abort', params: [row.id, row.job_id] }])
  throw new LonghaulError(
    'checksum-mismatch',
    `The whole has SHA-256 ${found}, not ${wanted}. The store takes back no part of it: start the upload again.`,
    { facts: { sha256: found } },
  )
}

const mismatch = (detail: string) => new LonghaulError('upload-mismatch', detail)
