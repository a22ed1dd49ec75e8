import { randomBytes } from 'node:crypto'
import { lstat, open, readFile, unlink, writeFile as writeMark } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LonghaulError } from '../../errors/index.ts'
import { otherSize } from '../check-bytes.ts'
import { uploadNotFound } from '../named-parts.ts'
import { fateOf, ownMark } from '../../support/process-mark.ts'
import type { Bytes, Part } from '../object-store.ts'
import { dataSync, removeQuietly, renameDurably } from './durable-file.ts'
import { codeOf, isMissing } from './file-errors.ts'
import type { Folder } from './folder.ts'
import type { Journals } from './journal.ts'
import {
  dataFile,
  namesIn,
  type PlacedUpload,
  type StoredPart,
  type UploadFolder,
} from './upload-folder.ts'
import { readPlan } from './upload-plan.ts'
import { writeChecked, writeFile, type WriteFileOptions } from './write-file.ts'
import type { Written } from './write-body.ts'

/** Who writes into which upload, to be stopped when it is completed. */
const writers = new Map<string, Set<AbortController>>()

/**
 * Data first, then the journal, then the answer. A part is written where it belongs in the one file; bytes that the
 * journal vouches for are never written over. So a part that is there already, or that somebody else is writing, goes
 * into a file of its own, and into its place at completion.
 */
export async function putPlaced(
  folder: Folder,
  journals: Journals,
  upload: PlacedUpload,
  partNumber: number,
  body: Bytes,
  given: WriteFileOptions,
): Promise<Part> {
  const { sizeBytes } = given
  // It would reach into the next one's place.
  if (sizeBytes !== undefined && sizeBytes > upload.partBytes)
    throw otherSize(upload.partBytes, `${sizeBytes} or more`)
  const claim = path.join(upload.path, `claim.${partNumber}`)
  const stop = new AbortController()
  const signal = given.signal ? AbortSignal.any([given.signal, stop.signal]) : stop.signal
  const options = { maxBytes: upload.partBytes, ...given, signal }
  const isClaimed = await take(claim, upload)
  const here = writers.get(upload.id) ?? new Set()
  writers.set(upload.id, here.add(stop))
  try {
    // After the claim: whoever completes looks for claims after writing the plan.
    if (await readPlan(upload)) throw completeAlready()
    const there = (await journals.read(upload)).parts.get(partNumber)
    const isInPlace = isClaimed && !there
    const { size, sha256, file } = isInPlace
      ? await writeInPlace(upload, partNumber, body, options)
      : await writeAside(folder, upload, partNumber, body, options, there)
    const part: StoredPart = { partNumber, size, sha256, etag: `"${sha256}"`, file }
    if (file !== there?.file) {
      if (await readPlan(upload)) throw completeAlready()
      await journals.add(upload, { part })
      if (there && there.file !== dataFile) await removeQuietly(path.join(upload.path, there.file))
    }
    return { partNumber, size, sha256, etag: part.etag }
  } catch (error) {
    // The folder has gone: completed or aborted meanwhile.
    throw isMissing(error) ? uploadNotFound({ key: upload.key, uploadId: upload.id }) : error
  } finally {
    if (isClaimed) await removeQuietly(claim)
    here.delete(stop)
    if (here.size === 0) writers.delete(upload.id)
  }
}

async function take(claim: string, upload: UploadFolder): Promise<boolean> {
  try {
    await writeMark(claim, ownMark, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (isMissing(error)) throw uploadNotFound({ key: upload.key, uploadId: upload.id })
    if (codeOf(error) === 'EEXIST') return false // its holder may be dead: nobody waits to find out
    throw error
  }
}

type Placed = Written & { readonly file: string }

async function writeInPlace(
  upload: PlacedUpload,
  partNumber: number,
  body: Bytes,
  options: WriteFileOptions,
): Promise<Placed> {
  const file = await open(path.join(upload.path, dataFile), 'r+')
  try {
    const at = (partNumber - 1) * upload.partBytes
    const written = await writeChecked(file, body, { ...options, at })
    await dataSync(file)
    return { ...written, file: dataFile }
  } finally {
    await file.close()
  }
}

/** The same bytes once more need no place. */
async function writeAside(
  folder: Folder,
  upload: PlacedUpload,
  partNumber: number,
  body: Bytes,
  options: WriteFileOptions,
  there: StoredPart | undefined,
): Promise<Placed> {
  const temp = folder.newTemp()
  try {
    const written = await writeFile(temp, body, options)
    if (there?.sha256 === written.sha256 && there.size === written.size) {
      await unlink(temp)
      return { ...written, file: there.file }
    }
    const file = `part-${partNumber}-${randomBytes(8).toString('hex')}`
    await renameDurably(temp, path.join(upload.path, file))
    return { ...written, file }
  } catch (error) {
    await removeQuietly(temp)
    throw error
  }
}

/** Of a writer in another container nothing can be seen. */
const silentMs = 10 * 60 * 1000
const patienceMs = 60_000

/** Resolves when nobody writes into the file any more: those of this process are stopped, others are waited for. */
export async function stopWriters(upload: UploadFolder): Promise<void> {
  for (const stop of writers.get(upload.id) ?? []) stop.abort(completeAlready())
  const until = performance.now() + patienceMs
  for (const name of (await namesIn(upload)).filter((one) => one.startsWith('claim.')))
    while (await isHeld(path.join(upload.path, name))) {
      if (performance.now() > until)
        throw new LonghaulError(
          'unavailable',
          `Part ${name.slice('claim.'.length)} is still being written by another process. Complete the upload again later.`,
        )
      await sleep(20)
    }
}

async function isHeld(claim: string): Promise<boolean> {
  try {
    const [mark, { mtimeMs }] = [await readFile(claim, 'utf8'), await lstat(claim)]
    const fate = mark === '' ? 'unknown' : fateOf(mark) // empty: made in this moment, or just before a crash
    if (fate === 'unknown') return Date.now() - mtimeMs < (mark === '' ? 1000 : silentMs)
    return fate === 'live'
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

export const completeAlready = () =>
  new LonghaulError(
    'upload-complete',
    'The upload is complete or being completed. Start a new one.',
  )
