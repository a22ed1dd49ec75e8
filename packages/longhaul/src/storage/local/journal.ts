import { open } from 'node:fs/promises'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import { dataSync } from './durable-file.ts'
import { isMissing } from './file-errors.ts'
import type { StoredPart, UploadFolder } from './upload-folder.ts'

/** What has come of an upload whose bytes are written in place. */
export interface Journal {
  readonly parts: ReadonlyMap<number, StoredPart>
  /** Of what was appended. */
  readonly appendedBytes: number
}
export type Entry =
  { readonly part: StoredPart } | { readonly appended: { offset: number; size: number } }

interface Known {
  parts: Map<number, StoredPart>
  appendedBytes: number
  /** How far the file has been read. */
  read: number
}

const readBytes = 64 * 1024
/** Journals kept in memory; one of 10,000 parts takes about 2 MB. */
const maxKnown = 16
const fileOf = (upload: UploadFolder) => path.join(upload.path, 'journal')

/**
 * One line for everything that has come, written after its bytes are on the disk and before anybody is told. Lines are
 * only ever added, each between two line feeds, so that one which a crash or a full disk tore spoils no other; its
 * checksum gives it away. Any number of processes may write.
 */
export function openJournals() {
  const known = new Map<string, Known>()

  return {
    /** Durable when it resolves. */
    async add(upload: UploadFolder, entry: Entry): Promise<void> {
      const file = await open(fileOf(upload), 'a')
      try {
        await file.writeFile(journalLine(entry))
        await dataSync(file)
      } finally {
        await file.close()
      }
    },
    /** In pieces, so that a journal of any length does not hold up the event loop. */
    async read(upload: UploadFolder): Promise<Journal> {
      const one = known.get(upload.id) ?? { parts: new Map(), appendedBytes: 0, read: 0 }
      known.delete(upload.id)
      const file = await open(fileOf(upload), 'r').catch((error: unknown) => {
        if (isMissing(error)) return undefined
        throw error
      })
      if (!file) return one
      try {
        const buffer = Buffer.allocUnsafe(readBytes)
        for (;;) {
          const { bytesRead } = await file.read(buffer, 0, readBytes, one.read)
          const end = buffer.subarray(0, bytesRead).lastIndexOf(10) + 1
          if (end === 0) break
          for (const line of buffer.toString('latin1', 0, end).split('\n')) take(one, line)
          one.read += end
        }
      } finally {
        await file.close()
      }
      known.set(upload.id, one)
      for (const oldest of known.keys()) {
        if (known.size <= maxKnown) break
        known.delete(oldest)
      }
      return one
    },
    forget: (upload: UploadFolder): unknown => known.delete(upload.id),
  }
}
export type Journals = ReturnType<typeof openJournals>

const checksumOf = (text: string): string => crc32(text).toString(16)

export function journalLine(entry: Entry): string {
  const text = textOf(entry)
  return `\n${text} ${checksumOf(text)}\n`
}

const textOf = (entry: Entry): string =>
  'part' in entry
    ? `part ${entry.part.partNumber} ${entry.part.size} ${entry.part.sha256} ${entry.part.file}`
    : `appended ${entry.appended.offset} ${entry.appended.size}`

function take(one: Known, line: string): void {
  const end = line.lastIndexOf(' ')
  const text = line.slice(0, end)
  if (end < 0 || checksumOf(text) !== line.slice(end + 1)) return
  const [kind, first, second, sha256 = '', file = ''] = text.split(' ')
  const size = Number(second)
  if (kind === 'part') {
    const partNumber = Number(first)
    one.parts.set(partNumber, { partNumber, size, sha256, etag: `"${sha256}"`, file })
  }
  // A line that does not go on where the last one ended is of a writer who has been overtaken.
  if (kind === 'appended' && Number(first) === one.appendedBytes) one.appendedBytes += size
}
