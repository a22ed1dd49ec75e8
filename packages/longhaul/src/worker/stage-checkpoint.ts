import { createHash } from 'node:crypto'
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { isLonghaulError } from '../errors/index.ts'
import type { Checkpoint } from '../jobs/engine.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/**
 * Puts the files of a checkpoint back at their paths; one that was stored in segments is put together. False when the
 * store does not have them any more as they were: then there is nothing to continue from, and nothing lies there.
 */
export async function stageCheckpoint(
  storage: ObjectStore,
  { files }: Checkpoint,
  workspace: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (await stageAll(storage, files, workspace, signal)) return true
  for (const { path: at } of files) await rm(path.join(workspace, at), { force: true })
  return false
}

async function stageAll(
  storage: ObjectStore,
  files: Checkpoint['files'],
  workspace: string,
  signal: AbortSignal,
): Promise<boolean> {
  for (const [at, segments] of Map.groupBy(files, (file) => file.path)) {
    const target = path.join(workspace, at)
    await mkdir(path.dirname(target), { recursive: true })
    // A staged input may be a link to the stored object: never written through.
    await rm(target, { force: true })
    const handle = await open(target, 'wx')
    try {
      for (const segment of segments)
        if (!(await append(storage, segment, handle, signal))) return false
    } finally {
      await handle.close()
    }
  }
  return true
}

async function append(
  storage: ObjectStore,
  { key, size, sha256 }: Checkpoint['files'][number],
  handle: FileHandle,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { body } = await storage.get(key)
    const hash = createHash('sha256')
    let length = 0
    for await (const chunk of body as AsyncIterable<Buffer>) {
      signal.throwIfAborted()
      length += chunk.length
      hash.update(chunk)
      await handle.appendFile(chunk)
    }
    return length === size && hash.digest('hex') === sha256
  } catch (error) {
    if (isLonghaulError(error, 'object-not-found')) return false
    throw error
  }
}
