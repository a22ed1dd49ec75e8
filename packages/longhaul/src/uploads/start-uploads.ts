import { LonghaulError, isLonghaulError } from '../errors/index.ts'
import { checkBinIds, newFileId, storedName, type AnnouncedFile } from './bin-files.ts'
import { promisableBytes } from './disk-room.ts'
import { checkFileNames } from './file-names.ts'
import { layParts, partCountOf, type PartLayout } from './part-layout.ts'
import { keepMs, signParts, type UploadContext } from './session.ts'
import type { StartedUploads, StartUploads } from './uploads.ts'

interface Planned extends PartLayout, AnnouncedFile {
  readonly id: string
  readonly key: string
  readonly mediaType: string | undefined
  readonly announced: StartUploads['files'][number]
}

const maxNoteBytes = 16 * 1024
const isGrowing = ({ sizeBytes }: StartUploads['files'][number]) => sizeBytes === undefined

/** An answer of 100,000 URLs has tens of megabytes, and each is signed. */
const maxParts = 100_000
/** Open uploads that one owner may have. */
const maxOpen = 50_000
/** Uploads that the store is asked to begin at once. */
const parallel = 8

/**
 * The rows are written first, then the store begins: an upload that is open in the store always has a row that tells what
 * it is for, also when the service dies in between.
 */
export async function startUploads(
  context: UploadContext,
  request: StartUploads,
): Promise<StartedUploads> {
  const { config } = context
  const files = await plan(context, request)
  const expiresAt = new Date(Date.now() + config.uploadUrlTtlSeconds * 1000)
  await insertAll(context, request, files)
  const begun = await beginAll(context, files)
  const started = []
  for (const [n, file] of files.entries()) {
    const storeUploadId = begun[n] ?? ''
    const { id: fileId, mediaType: _mediaType, announced, ...planned } = file
    const ref = { key: file.key, uploadId: storeUploadId }
    const isAppended = isGrowing(announced) || announced.partial || announced.appended
    const partUrls = isAppended ? [] : await signParts(context, ref, file, request.baseUrl)
    started.push({ ...planned, fileId, storeUploadId, partUrls })
  }
  return { files: started, expiresAt }
}

/**
 * With the promise of room that the rows are, unless others have been promised it in this moment: then there may be enough
 * nevertheless, or not.
 */
async function insertAll(
  context: UploadContext,
  { owner, jobId, processor }: StartUploads,
  files: readonly Planned[],
): Promise<void> {
  const { database } = context
  const [first] = files
  const bytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  const inserts = files.map((file, position) => ({
    statement: 'upload.insert',
    params: [
      ...[file.id, owner, jobId ?? null, processor ?? null, position, storedName(file), file.key],
      ...[file.mediaType ?? null, file.sizeBytes, file.partBytes, keepMs(context)],
      isGrowing(file.announced) ? 1 : 0,
      file.announced.sha256?.toLowerCase() ?? null,
      file.announced.note ?? null,
      file.announced.partial ? 1 : 0,
    ],
  }))
  for (let tries = 1; ; tries++) {
    await checkOpen(context, owner, files.length)
    const limit = await promisableBytes(context, bytes)
    const promise = {
      statement: 'upload.promise',
      params: [first?.id ?? null, limit ?? 0],
      expectRows: 1,
    }
    const promises =
      limit === undefined ? [] : [{ statement: 'upload.promise-alone', params: [] }, promise]
    try {
      return await database.write([...inserts, ...promises])
    } catch (error) {
      if (!isLonghaulError(error, 'write-conflict') || tries === 20) throw error
    }
  }
}

async function checkOpen({ database }: UploadContext, owner: string, more: number): Promise<void> {
  const [row] = await database.read<{ open: number }>('upload.open-of', [owner])
  const open = Number(row?.open ?? 0)
  if (open + more <= maxOpen) return
  throw new LonghaulError(
    'too-many-requests',
    `${open} uploads are open, and nobody may have more than ${maxOpen}. Complete or delete some first.`,
    { facts: { open_uploads: open, max_open_uploads: maxOpen } },
  )
}

/** On failure the rows are closed, and what the store has begun by then is swept with the strays. */
async function beginAll(
  { database, storage }: UploadContext,
  files: readonly Planned[],
): Promise<readonly string[]> {
  const begun: string[] = []
  const begin = ({ key, mediaType, partBytes }: Planned) =>
    storage.begin(key, { partBytes, ...(mediaType !== undefined && { mediaType }) })
  try {
    for (let at = 0; at < files.length; at += parallel) {
      const batch = files.slice(at, at + parallel).map(begin)
      await Promise.allSettled(batch) // none may still begin while the strays are swept
      begun.push(...(await Promise.all(batch)))
    }
    await database.write(
      files.map((file, n) => ({
        statement: 'upload.begun',
        params: [begun[n] ?? null, file.id],
        expectRows: 1,
      })),
    )
    return begun
  } catch (error) {
    await database.write(files.map(({ id }) => ({ statement: 'upload.abort', params: [id, null] })))
    throw error
  }
}

async function plan(context: UploadContext, request: StartUploads): Promise<readonly Planned[]> {
  const { storage, config } = context
  checkBinIds(request.files)
  checkFileNames(request.files.map(storedName))
  const files = request.files.map((file) => {
    const { filename, sizeBytes = 0, mediaType, note = '' } = file
    if (Buffer.byteLength(note) > maxNoteBytes)
      throw new LonghaulError(
        'upload-too-large',
        `What is kept beside ${JSON.stringify(filename)} is longer than ${maxNoteBytes} bytes.`,
      )
    if (sizeBytes > config.maxUploadBytes)
      throw new LonghaulError(
        'upload-too-large',
        `${JSON.stringify(filename)} has ${sizeBytes} bytes; this service takes at most ${config.maxUploadBytes}.`,
        { facts: { max_bytes: config.maxUploadBytes } },
      )
    const id = newFileId(file)
    const key = `${config.datasetsPrefix}/${request.jobId ?? id}/${storedName(file)}`
    return {
      id,
      filename,
      ...(file.bin !== undefined && { bin: file.bin }),
      key,
      mediaType,
      announced: file,
      ...layParts(sizeBytes, request.partBytes, storage.limits),
    }
  })
  const parts = files.reduce((sum, file) => sum + partCountOf(file), 0)
  if (files.length > 1 && parts > maxParts)
    throw new LonghaulError(
      'upload-too-large',
      `These ${files.length} files have ${parts} parts, each with a URL; at most ${maxParts} are given out at once. Start fewer files at a time.`,
    )
  return files
}
