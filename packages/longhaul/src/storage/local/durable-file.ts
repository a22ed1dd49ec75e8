import { constants } from 'node:fs'
import { mkdir, open, rename, unlink, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { faultPoint } from '../../support/fault-point.ts'
import { isMissing } from './file-errors.ts'

/**
 * How something becomes durable here: all bytes to the disk, then the name, then the folder that holds the name.
 * The fault points are the places where a crash must leave the old state or the new one.
 */
export async function syncFile(file: FileHandle): Promise<void> {
  faultPoint('store.before-fsync')
  await file.sync()
  faultPoint('store.after-fsync')
}

/** The bytes of a file that has its name already. */
export async function dataSync(file: FileHandle): Promise<void> {
  faultPoint('store.before-fsync')
  await file.datasync()
  faultPoint('store.after-fsync')
}

/** Atomic for readers, durable when it resolves. Both names must be on one volume. */
export async function renameDurably(from: string, to: string): Promise<void> {
  faultPoint('store.before-rename')
  await rename(from, to)
  faultPoint('store.after-rename')
  await syncFolder(path.dirname(to))
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** `mkdir -p`, durable: each new folder's name is in a folder that was synced. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o755 })
  if (first === undefined) return
  const top = path.dirname(first)
  for (let at = path.dirname(folder); at.length >= top.length; at = path.dirname(at)) {
    await syncFolder(at)
    if (at === top) return
  }
}

/** Whole or not at all, in place of what was there. `temp` is on the same volume and gone afterwards. */
export async function writeJson(to: string, value: unknown, temp: string): Promise<void> {
  const file = await open(temp, 'wx', 0o600)
  try {
    try {
      await file.writeFile(JSON.stringify(value))
      await syncFile(file)
    } finally {
      await file.close()
    }
    await renameDurably(temp, to).catch(async (error: unknown) => {
      if (!isMissing(error)) throw error
      await makeFolder(path.dirname(to))
      await renameDurably(temp, to)
    })
  } catch (error) {
    await removeQuietly(temp)
    throw error
  }
}

/** For cleaning up after an error that matters more. */
export async function removeQuietly(file: string): Promise<void> {
  await unlink(file).catch(() => {})
}
