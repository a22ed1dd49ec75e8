import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { ByteSource } from '../byte-source.ts'
import type { UploadMemory } from '../upload-memory.ts'

/**
 * Remembers uploads of files in a folder, one small note each. In `$XDG_STATE_HOME/longhaul/uploads` (or
 * `~/.local/state/…`) lie those of the command line and of the Python client: each goes on with what another began.
 * Where notes cannot be kept, only the going on is lost. Old ones are forgotten.
 *
 * @example createClient({ uploadMemory: notedUploads('.uploads') })
 */
export function notedUploads(folder: string): UploadMemory {
  let tidied: Promise<void> | undefined
  const noteOf = (serviceUrl: string, { identity }: ByteSource): string | undefined => {
    if (identity === undefined) return undefined
    const whole = JSON.stringify([serviceUrl, ...(JSON.parse(identity) as unknown[])])
    return path.join(folder, createHash('sha256').update(whole).digest('hex').slice(0, 32))
  }
  return {
    recall: async (serviceUrl, source) => {
      const note = noteOf(serviceUrl, source)
      const text = note === undefined ? '' : await readFile(note, 'utf8').catch(() => '')
      return text.trim() || undefined
    },
    remember: async (serviceUrl, source, uploadId) => {
      const note = noteOf(serviceUrl, source)
      if (note === undefined) return
      await mkdir(folder, { recursive: true, mode: 0o700 })
        .then(() => writeFile(note, uploadId, { mode: 0o600 }))
        .then(() => (tidied ??= forgetOld(folder)))
        .catch(() => {})
    },
    forget: async (serviceUrl, source) => {
      const note = noteOf(serviceUrl, source)
      if (note !== undefined) await rm(note, { force: true }).catch(() => {})
    },
  }
}

/** As long as a service keeps an upload that is not complete. */
const keptMs = 7 * 24 * 3_600_000

async function forgetOld(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const note = path.join(folder, name)
    const found = await stat(note).catch(() => undefined) // another program may be forgetting it too
    if (found !== undefined && Date.now() - found.mtimeMs > keptMs) await rm(note, { force: true })
  }
}
