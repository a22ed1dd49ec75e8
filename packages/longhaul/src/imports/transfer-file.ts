import { createHash } from 'node:crypto'
import { isLonghaulError } from '../errors/index.ts'
import { keyOfUri } from '../storage/index.ts'
import { fetchParts } from './fetch-parts.ts'
import { fetchWhole } from './fetch-whole.ts'
import { foundFile } from './import-files.ts'
import type { ImportFileRow } from './import-statements.ts'
import { changed, SourceFailure, type FoundFile } from './source.ts'
import type { OpenUpload, Transfer } from './transfer.ts'
import { OutOfPatience, patiently } from './patience.ts'

/** A source whose files change all the time is given up until later. */
const maxVersions = 3

/** From wherever the attempt before it stopped to a file that is complete, verified, and known by its row. */
export async function transferFile(transfer: Transfer, row: ImportFileRow): Promise<void> {
  const { source, files, uploads, owner, tuning, progress, signal } = transfer
  let file = foundFile(row)
  let open = row.state === 'open' ? (row.upload_id ?? undefined) : undefined
  for (let versions = 1; ; versions++) {
    try {
      progress.stage('uploading', file.name)
      const { uploadId, sizeBytes } = file.ranged
        ? await inParts(transfer, row, file, open)
        : await inOne(transfer, row, file, open)
      progress.stage('verifying')
      const done = await uploads.complete({ owner, fileId: uploadId })
      await verify(transfer, file, done.uri)
      if (file.sizeBytes === undefined) progress.grown(sizeBytes)
      return await files.done(row.position, sizeBytes, done.uri, done.sha256)
    } catch (error) {
      if (!(error instanceof SourceFailure) || error.kind !== 'changed') throw error
      if (versions === maxVersions) throw new OutOfPatience(error.problem)
      const [now] = (await files.all()).filter(({ position }) => position === row.position)
      if (now?.upload_id) await uploads.abort(now.upload_id, owner).catch(() => undefined)
      const looked = await patiently(tuning, signal, () => source.look(row.place, signal))
      progress.grown((looked.sizeBytes ?? 0) - (file.sizeBytes ?? 0))
      // Where it lies among the others does not change.
      file = { ...looked, name: row.name }
      open = undefined
      await files.foundAgain(row.position, file)
    }
  }
}

async function inParts(
  transfer: Transfer,
  row: ImportFileRow,
  file: FoundFile,
  openId: string | undefined,
): Promise<{ readonly uploadId: string; readonly sizeBytes: number }> {
  const { source, progress, signal } = transfer
  const sizeBytes = file.sizeBytes ?? 0
  const begun = openId === undefined ? undefined : await openedBefore(transfer, openId, row)
  if (begun !== undefined && begun.missingParts.length > 0) await source.confirm?.(file, signal)
  const upload = begun ?? (await begin(transfer, row, file))
  const missing = upload.missingParts.reduce(
    (sum, n) => sum + Math.min(upload.partBytes, sizeBytes - (n - 1) * upload.partBytes),
    0,
  )
  const came = sizeBytes - missing
  progress.kept(came)
  try {
    await fetchParts(transfer, file, upload)
  } catch (error) {
    progress.lost(came)
    throw error
  }
  return { uploadId: upload.uploadId, sizeBytes }
}

async function inOne(
  transfer: Transfer,
  row: ImportFileRow,
  file: FoundFile,
  openId: string | undefined,
): Promise<{ readonly uploadId: string; readonly sizeBytes: number }> {
  const { uploads, owner } = transfer
  // What came of it before cannot be continued.
  if (openId !== undefined) await uploads.abort(openId, owner).catch(() => undefined)
  const { sizeBytes: _size, ...growing } = file
  return fetchWhole(transfer, file, async () => (await begin(transfer, row, growing)).uploadId)
}

/** Undefined: its time is over, or it was aborted. */
async function openedBefore(
  { uploads, storage, owner }: Transfer,
  uploadId: string,
  { store_upload_id }: ImportFileRow,
): Promise<OpenUpload | undefined> {
  try {
    const { uri, partBytes, missingParts } = await uploads.get(uploadId, owner)
    const key = keyOfUri(uri, storage.bucket)
    return { uploadId, storeUploadId: store_upload_id ?? '', key, partBytes, missingParts }
  } catch (error) {
    if (isLonghaulError(error, 'upload-not-found') || isLonghaulError(error, 'upload-expired'))
      return undefined
    throw error
  }
}

async function begin(
  { uploads, files, owner, jobId, tuning }: Transfer,
  { position }: ImportFileRow,
  { name, sizeBytes, mediaType }: FoundFile,
): Promise<OpenUpload> {
  const started = await uploads.start({
    owner,
    partBytes: tuning.partBytes,
    // Nobody asks for its URLs.
    baseUrl: 'http://localhost',
    files: [
      {
        filename: name,
        note: `import:${jobId}`,
        ...(sizeBytes === undefined ? {} : { sizeBytes }),
        ...(mediaType === undefined ? {} : { mediaType }),
      },
    ],
  })
  const [file] = started.files
  if (file === undefined) throw new Error('an upload was started and is not there')
  await files.opened(position, file.fileId, file.storeUploadId)
  const count = Math.ceil((sizeBytes ?? 0) / file.partBytes)
  return {
    ...{ uploadId: file.fileId, storeUploadId: file.storeUploadId, key: file.key },
    ...{ partBytes: file.partBytes, missingParts: Array.from({ length: count }, (_, n) => n + 1) },
  }
}

/** A file that is not what its source says is deleted, and fetched again. */
async function verify(
  { storage, signal }: Transfer,
  { md5, name }: FoundFile,
  uri: string,
): Promise<void> {
  if (md5 === undefined) return
  const key = keyOfUri(uri, storage.bucket)
  const hash = createHash('md5')
  const { body } = await storage.get(key)
  for await (const chunk of body as AsyncIterable<Buffer>) {
    signal.throwIfAborted()
    hash.update(chunk)
  }
  if (hash.digest('hex') === md5.toLowerCase()) return
  await storage.delete([key])
  throw changed(`${name} did not come as its source has it: its MD5 differs.`)
}
