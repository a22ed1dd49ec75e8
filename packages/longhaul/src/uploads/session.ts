import type { Config } from '../app/config.ts'
import type { Database } from '../database/database.ts'
import { LonghaulError } from '../errors/index.ts'
import type { FileRef } from '../jobs/job.ts'
import { uriOfKey, type Storage, type UploadRef } from '../storage/index.ts'
import { announcedFile } from './bin-files.ts'
import { partBytesOf, partCountOf, type PartLayout } from './part-layout.ts'
import type { UploadRow } from './upload-statements.ts'

/** What every step of an upload needs. */
export interface UploadContext {
  readonly database: Database
  readonly storage: Storage
  readonly config: Pick<
    Config,
    | 'datasetsPrefix'
    | 'maxUploadBytes'
    | 'uploadUrlTtlSeconds'
    | 'uploadKeepSeconds'
    | 'diskFloorBytes'
  >
  /** Uploads without a session are somebody's who is still at work, until they are so old. @default 1 day */
  readonly strayMs?: number
}

/** Another owner's session is as unknown as none. */
export async function sessionOf(
  { database }: UploadContext,
  id: string,
  owner: string | 'everyone',
): Promise<UploadRow> {
  const [row] = await database.read<UploadRow>('upload.get', [id])
  if (row && (owner === 'everyone' || row.owner === owner)) return row
  throw new LonghaulError(
    'upload-not-found',
    `There is no upload ${JSON.stringify(id.slice(0, 64))}.`,
  )
}

export function refOf(row: UploadRow): UploadRef {
  if (row.store_upload_id !== null) return { key: row.key, uploadId: row.store_upload_id }
  throw new LonghaulError(
    'upload-not-found',
    `The upload ${row.id} was never begun: the service stopped at that moment. Start it again.`,
  )
}

export const layoutOf = (row: UploadRow): PartLayout => ({
  sizeBytes: row.size_bytes,
  partBytes: row.part_bytes,
})

export const keepMs = ({ config }: UploadContext): number => config.uploadKeepSeconds * 1000

export function fileRefOf({ storage }: UploadContext, row: UploadRow): FileRef {
  const { bin, filename } = announcedFile(row)
  return {
    uri: uriOfKey(storage.bucket, row.key),
    name: filename,
    ...(bin !== undefined && { bin }),
    size: row.size_bytes,
    ...(row.sha256 !== null && { sha256: row.sha256 }),
    ...(row.media_type !== null && { mediaType: row.media_type }),
  }
}

/** URLs of these parts, each for one PUT of at most the bytes the part has. Thousands do not hold up the event loop. */
export async function signParts(
  { storage, config }: UploadContext,
  ref: UploadRef,
  layout: PartLayout,
  baseUrl: string,
  partNumbers: Iterable<number> = allParts(layout),
): Promise<readonly { partNumber: number; url: string }[]> {
  const urls = []
  for (const partNumber of partNumbers) {
    const url = await storage.partUrl(ref, partNumber, {
      expiresInSeconds: config.uploadUrlTtlSeconds,
      maxBytes: partBytesOf(layout, partNumber),
      baseUrl,
    })
    urls.push({ partNumber, url })
    if (urls.length % 500 === 0) await new Promise(setImmediate)
  }
  return urls
}

export function* allParts(layout: PartLayout): Generator<number> {
  for (let n = 1; n <= partCountOf(layout); n++) yield n
}

export const isAppended = (row: UploadRow): boolean => row.fence > 0 || row.growing !== 0

export const completeAlready = (row: UploadRow) =>
  new LonghaulError(
    'upload-complete',
    `The upload of ${JSON.stringify(row.filename)} is complete already. Start a new one to send something else.`,
  )

export const expired = (row: UploadRow) =>
  new LonghaulError(
    'upload-expired',
    `The upload of ${JSON.stringify(row.filename)} was not finished in time and has been discarded. Start a new one.`,
  )
