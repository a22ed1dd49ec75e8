import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import type { Environment } from '../app/config.ts'

/** Remembers which upload a file had, so that the same command goes on where it was interrupted. */
export interface UploadMemory {
  recall(file: string): Promise<string | undefined>
  remember(file: string, uploadId: string): Promise<void>
}

const keptMs = 7 * 24 * 3_600_000

/** In `$XDG_STATE_HOME/longhaul/uploads`, one small file each, by service and by what the file is: path, size, time of change. */
export function uploadMemory(serviceUrl: string, env: Environment): UploadMemory {
  const state = env['XDG_STATE_HOME'] || path.join(env['HOME'] || homedir(), '.local', 'state')
  const folder = path.join(state, 'longhaul', 'uploads')
  const noteOf = async (file: string): Promise<string> => {
    const { size, mtimeMs } = await stat(file)
    const identity = JSON.stringify([serviceUrl, path.resolve(file), size, mtimeMs])
    return path.join(folder, createHash('sha256').update(identity).digest('hex').slice(0, 32))
  }
  return {
    recall: async (file) => {
      try {
        return (await readFile(await noteOf(file), 'utf8')).trim() || undefined
      } catch {
        return undefined
      }
    },
    remember: async (file, uploadId) => {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await writeFile(await noteOf(file), uploadId, { mode: 0o600 })
      await forgetOld(folder)
    },
  }
}

async function forgetOld(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const note = path.join(folder, name)
    const found = await stat(note).catch(() => undefined) // another command may be forgetting it too
    if (found !== undefined && Date.now() - found.mtimeMs > keptMs) await rm(note, { force: true })
  }
}
