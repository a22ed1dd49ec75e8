import { randomUUID } from 'node:crypto'
import { LonghaulError } from '../errors/index.ts'
import { uriOfKey } from '../storage/index.ts'
import { checkFileNames } from './file-names.ts'
import { keepMs, sessionOf, type UploadContext } from './session.ts'
import type { CompletedUpload, ConcatenateUploads } from './uploads.ts'
import type { UploadRow } from './upload-statements.ts'

const maxUploads = 1000
/** It never had parts; a view of it is laid out in some nevertheless. */
const partBytes = 16 * 1024 * 1024
/** A client whose answer was lost may ask again for so long. */
const usedMs = 60 * 60 * 1000

/** The row comes first, as with every upload, so that an object always has one. */
export async function concatenateUploads(
  context: UploadContext,
  request: ConcatenateUploads,
): Promise<CompletedUpload> {
  const { database, storage, config } = context
  const { owner, uploadIds, filename, mediaType } = request
  checkFileNames([filename])
  if (uploadIds.length === 0 || uploadIds.length > maxUploads)
    throw new LonghaulError(
      'upload-mismatch',
      `Name 1 to ${maxUploads} uploads to join, not ${uploadIds.length}.`,
    )
  const rows: UploadRow[] = []
  for (const id of uploadIds) rows.push(await sessionOf(context, id, owner))
  const missing = rows.filter(({ state }) => state !== 'completed').map(({ id }) => id)
  if (missing.length > 0)
    throw new LonghaulError(
      'upload-incomplete',
      `Uploads are joined once they are complete; ${missing.slice(0, 10).join(', ')} ${missing.length > 1 ? 'are' : 'is'} not.`,
      { facts: { incomplete_uploads: missing } },
    )
  const sizeBytes = rows.reduce((sum, row) => sum + row.size_bytes, 0)
  if (sizeBytes > config.maxUploadBytes)
    throw new LonghaulError(
      'upload-too-large',
      `Together they have ${sizeBytes} bytes; this service takes at most ${config.maxUploadBytes}.`,
      { facts: { max_bytes: config.maxUploadBytes } },
    )
  const id = randomUUID()
  const key = `${config.datasetsPrefix}/${id}/${filename}`
  const { sha256 } = request
  await database.write([
    {
      statement: 'upload.insert',
      // Nothing is promised: the bytes are there.
      params: [
        ...[
          id,
          owner,
          null,
          null,
          0,
          filename,
          key,
          mediaType ?? null,
          0,
          partBytes,
          keepMs(context),
        ],
        ...[2, sha256?.toLowerCase() ?? null, request.note ?? null, 0],
      ],
    },
  ])
  try {
    const from = rows.map((row) => row.key)
    const info = await storage.concatenate(from, key, {
      ...(mediaType !== undefined && { mediaType }),
      ...(sha256 !== undefined && { sha256 }),
    })
    const found = info.sha256 ?? sha256?.toLowerCase()
    await database.write([
      { statement: 'upload.declare-joined', params: [info.size, id] },
      {
        statement: 'upload.complete',
        params: [info.etag, found ?? null, null, id],
        expectRows: 1,
      },
      ...rows
        .filter(({ partial }) => partial === 1)
        .map((row) => ({ statement: 'upload.used', params: [usedMs, row.id] })),
    ])
    return {
      fileId: id,
      key,
      uri: uriOfKey(storage.bucket, key),
      etag: info.etag,
      sizeBytes: info.size,
      ...(found !== undefined && { sha256: found }),
    }
  } catch (error) {
    await database.write([{ statement: 'upload.abort', params: [id, null] }])
    await storage.delete([key]).catch(() => {})
    throw error
  }
}
