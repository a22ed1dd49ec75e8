import { isLonghaulError } from '../errors/index.ts'
import { uriOfKey, type Part } from '../storage/index.ts'
import { appendedBytes } from './append-upload.ts'
import { gapsOf } from './check-parts.ts'
import { partBytesOf, type PartLayout } from './part-layout.ts'
import {
  allParts,
  expired,
  isAppended,
  keepMs,
  layoutOf,
  refOf,
  signParts,
  type UploadContext,
} from './session.ts'
import type { UploadRow } from './upload-statements.ts'
import type { UploadView } from './uploads.ts'

/** What has come of one file and what has not; with a base URL also how to go on, and the session lives longer. */
export async function uploadView(
  context: UploadContext,
  row: UploadRow,
  options?: { readonly baseUrl: string },
): Promise<UploadView> {
  if (row.state === 'expired') throw expired(row)
  const view = await viewOf(context, row)
  if (options === undefined || row.state === 'completed' || isAppended(row)) return view
  const ref = refOf(row)
  await context.database.write([
    { statement: 'upload.extend', params: [keepMs(context), ref.uploadId] },
  ])
  const layout = layoutOf(row)
  const partUrls = await signParts(context, ref, layout, options.baseUrl, view.missingParts)
  return { ...view, partUrls, expiresAt: new Date(Date.now() + keepMs(context)) }
}

async function viewOf(context: UploadContext, row: UploadRow): Promise<UploadView> {
  const layout = layoutOf(row)
  const stored =
    row.state === 'completed'
      ? allOf(layout)
      : isAppended(row)
        ? upTo(layout, await appendedBytes(context, row))
        : await partsOf(context, row)
  const { missing, short } = gapsOf(layout, stored)
  const missingParts = [...missing, ...short].sort((a, b) => a - b)
  const isMissing = new Set(missingParts)
  return {
    uploadId: row.id,
    filename: row.filename,
    sizeBytes: row.size_bytes,
    isGrowing: row.growing === 1,
    ...(row.note !== null && { note: row.note }),
    partBytes: row.part_bytes,
    status: row.state === 'completed' ? 'completed' : 'open',
    uri: uriOfKey(context.storage.bucket, row.key),
    receivedBytes: stored
      .filter((part) => isAppended(row) || !isMissing.has(part.partNumber))
      .reduce((sum, part) => sum + part.size, 0),
    missingParts: row.growing === 1 ? [] : missingParts,
    expiresAt: new Date(row.expires_at),
  }
}

/** When the store has published and the row does not say so yet, all parts are there: completing settles it. */
export async function partsOf(context: UploadContext, row: UploadRow): Promise<readonly Part[]> {
  try {
    return await context.storage.listParts(refOf(row))
  } catch (error) {
    if (!isLonghaulError(error, 'upload-not-found') || row.store_upload_id === null) throw error
    const info = await context.storage.head(row.key)
    if (info?.size !== row.size_bytes) throw error
    return allOf(layoutOf(row))
  }
}

/** What was appended, as if it had come in parts; the last of them may be short. */
function upTo({ partBytes, sizeBytes }: PartLayout, end: number): Part[] {
  if (end === 0 && sizeBytes === 0) return []
  const layout = { partBytes, sizeBytes: end }
  return end === 0 ? [] : allOf(layout)
}

const allOf = (layout: PartLayout): Part[] =>
  [...allParts(layout)].map((partNumber) => ({
    partNumber,
    etag: '',
    size: partBytesOf(layout, partNumber),
  }))
