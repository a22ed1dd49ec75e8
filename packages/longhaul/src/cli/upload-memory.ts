import { homedir } from 'node:os'
import path from 'node:path'
import { fileSource, notedUploads } from '@longhaul/client/node'
import type { Environment } from '../app/config.ts'

/** Remembers which upload a file had, so that the same command goes on where it was interrupted. */
export interface UploadMemory {
  recall(file: string): Promise<string | undefined>
  remember(file: string, uploadId: string): Promise<void>
}

/** `$XDG_STATE_HOME/longhaul/uploads`: one small file each, by service and by what the file is: path, size, time of change. */
export function notesOf(env: Environment): ReturnType<typeof notedUploads> {
  const state = env['XDG_STATE_HOME'] || path.join(env['HOME'] || homedir(), '.local', 'state')
  return notedUploads(path.join(state, 'longhaul', 'uploads'))
}

export function uploadMemory(serviceUrl: string, env: Environment): UploadMemory {
  const notes = notesOf(env)
  return {
    recall: async (file) => notes.recall(serviceUrl, await fileSource(file)),
    remember: async (file, uploadId) =>
      notes.remember(serviceUrl, await fileSource(file), uploadId),
  }
}
