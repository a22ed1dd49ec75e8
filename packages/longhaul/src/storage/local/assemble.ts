import { createHash, type Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, lstat, open, rename, unlink, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { invalidParts } from '../named-parts.ts'
import { renameDurably, syncFile } from './durable-file.ts'
import { isMissing } from './file-errors.ts'
import type { Folder } from './folder.ts'
import { readThrough } from './hash-file.ts'
import { fateOf, ownMark } from '../../support/process-mark.ts'
import { namesIn, type StoredPart, type UploadFolder } from './upload-folder.ts'
import type { Plan } from './upload-plan.ts'

const prefix = 'assembled.'
/** The claim of a process that gave up: anyone may go on. */
const nobody = `${prefix}nobody`
/** Of a process in another container nothing can be seen but whether it still writes. */
const silentMs = 10 * 60 * 1000
/** Parts are deleted once this much of what was copied is surely on the disk. */
const syncBytes = 64 * 1024 * 1024

/**
 * Makes the object of several parts by appending the later ones to the first, each of which is deleted when its bytes are
 * safe: an upload of terabytes needs no second terabytes of room. Going on after a crash is reading off how far it got:
 * what is deleted is appended. Undefined while another process is at it, or when it has just finished.
 */
export async function assemble(
  folder: Folder,
  upload: UploadFolder,
  plan: Plan,
): Promise<{ readonly file: string; readonly sha256: string } | undefined> {
  const own = path.join(upload.path, prefix + ownMark)
  if (!(await claim(upload, plan, own))) return undefined
  try {
    await makePrivate(folder, own)
    const file = await open(own, 'r+')
    try {
      return { file: own, sha256: await append(file, upload, plan) }
    } finally {
      await file.close()
    }
  } catch (error) {
    await giveUp(upload)
    throw error
  }
}

/** Lets another process go on with what this one could not finish. */
export async function giveUp(upload: UploadFolder): Promise<void> {
  await rename(path.join(upload.path, prefix + ownMark), path.join(upload.path, nobody)).catch(
    () => {},
  )
}

/** The claim is the name of the file: a rename has one winner, and a name that holds a process comes up once only. */
async function claim(upload: UploadFolder, plan: Plan, own: string): Promise<boolean> {
  const found = (await namesIn(upload)).find((name) => name.startsWith(prefix))
  const from = found ?? plan.parts[0]?.file ?? nobody
  if (from === path.basename(own)) return true
  if (found !== undefined && found !== nobody) {
    const fate = fateOf(found.slice(prefix.length))
    if (fate === 'live') return false
    if (fate === 'unknown' && (await silenceMs(path.join(upload.path, found))) < silentMs)
      return false
  }
  try {
    await renameDurably(path.join(upload.path, from), own)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/** A part that was linked from elsewhere must not grow there too. */
async function makePrivate(folder: Folder, own: string): Promise<void> {
  if ((await lstat(own)).nlink > 1) {
    const temp = folder.newTemp()
    await copyFile(own, temp, constants.COPYFILE_FICLONE)
    await rename(temp, own)
  }
  await chmod(own, 0o600)
}

async function append(file: FileHandle, upload: UploadFolder, plan: Plan): Promise<string> {
  const names = new Set(await namesIn(upload))
  // Parts are deleted in order, after a sync; the folder itself may have lost an earlier deletion, never a later one.
  const appended = 1 + plan.parts.findLastIndex((part, n) => n === 0 || !names.has(part.file))
  let end = plan.parts.slice(0, appended).reduce((sum, part) => sum + part.size, 0)
  const hash = createHash('sha256')
  if ((await readThrough(file, (chunk) => hash.update(chunk), { end })) < end)
    throw invalidParts(
      [plan.parts[appended - 1]?.partNumber ?? 0],
      'A part was replaced while the upload was being completed. Abort the upload and start again.',
    )
  await file.truncate(end)

  let copied: StoredPart[] = []
  let unsynced = 0
  for (const part of plan.parts.slice(appended)) {
    await appendPart(file, end, path.join(upload.path, part.file), part, hash)
    end += part.size
    copied.push(part)
    unsynced += part.size
    if (unsynced >= syncBytes) await settle()
  }
  await settle()
  return hash.digest('hex')

  async function settle(): Promise<void> {
    await syncFile(file)
    for (const part of copied) await unlink(path.join(upload.path, part.file))
    copied = []
    unsynced = 0
  }
}

async function appendPart(
  to: FileHandle,
  at: number,
  partFile: string,
  part: StoredPart,
  hash: Hash,
): Promise<void> {
  const from = await open(partFile, constants.O_RDONLY)
  try {
    let position = at
    const size = await readThrough(from, async (chunk) => {
      const writing = writeAt(to, chunk, position)
      position += chunk.byteLength
      hash.update(chunk) // meanwhile
      await writing
    })
    if (size !== part.size)
      throw invalidParts([part.partNumber], `Part ${part.partNumber} is damaged in the store.`)
  } finally {
    await from.close()
  }
}

async function writeAt(to: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength;)
    done += (await to.write(bytes, done, bytes.byteLength - done, position + done)).bytesWritten
}

async function silenceMs(file: string): Promise<number> {
  try {
    return Date.now() - (await lstat(file)).mtimeMs
  } catch (error) {
    if (isMissing(error)) return 0
    throw error
  }
}
