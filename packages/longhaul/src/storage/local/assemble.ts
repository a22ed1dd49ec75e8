import { createHash, type Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, lstat, open, rename, unlink, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { invalidParts } from '../named-parts.ts'
import { claim, giveUp } from './claim-upload.ts'
import { syncFile } from './durable-file.ts'
import type { Folder } from './folder.ts'
import { readThrough } from './hash-file.ts'
import { namesIn, type StoredPart, type UploadFolder } from './upload-folder.ts'
import type { Plan } from './upload-plan.ts'
import { writeAll } from './write-body.ts'

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
  const own = await claim(upload, plan)
  if (own === undefined) return undefined
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
      const writing = writeAll(to, chunk, position)
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
