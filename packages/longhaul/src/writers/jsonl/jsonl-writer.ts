import { open, truncate, type FileHandle } from 'node:fs/promises'
import type { z } from 'zod'
import { asciiLine } from '../../support/ascii-json.ts'
import { inTurn } from '../in-turn.ts'
import {
  numberedName,
  type RecordWriter,
  type Resumable,
  type WriterFiles,
  type WriterState,
} from '../record-writer.ts'

const flushBytes = 256 * 1024

export const jsonlFileName = (name: string, index: number): string =>
  numberedName(name, index, '.jsonl')

/**
 * One JSON object a line, spelt as the older systems do. The next file begins before `maxBytes` would be passed; a record larger than that has a
 * file to itself. No record, no file. NaN and Infinity become null, as JSON has it. `restored` goes on where that state
 * was: what its unfinished file holds beyond is cut off.
 */
export function jsonlWriter<R = unknown>(
  files: WriterFiles,
  name: string,
  options: {
    readonly maxBytes: number
    readonly schema?: z.ZodType | undefined
    readonly restored?: WriterState | undefined
  },
): RecordWriter<R> & Resumable {
  const { maxBytes, schema, restored } = options
  const turn = inTurn()
  let count = restored?.count ?? 0
  let appended = count
  let index = restored?.files ?? 0
  let current: { readonly name: string; readonly path: string; handle: FileHandle } | undefined
  let fileBytes = 0
  let fileRecords: number | undefined = 0
  let unwritten: string[] = []
  let unwrittenBytes = 0

  async function flush(): Promise<void> {
    if (unwritten.length === 0) return
    const text = unwritten.join('')
    unwritten = []
    unwrittenBytes = 0
    await current?.handle.appendFile(text)
  }

  async function closeFile(): Promise<void> {
    if (!current) return
    await flush()
    await current.handle.close()
    const done = current
    current = undefined
    const records = fileRecords
    fileBytes = 0
    fileRecords = 0
    await files.give(done.name, done.path, 'application/x-ndjson', records)
  }

  async function openFile(): Promise<void> {
    const fileName = jsonlFileName(name, index++)
    const path = await files.pathFor(fileName)
    current = { name: fileName, path, handle: await open(path, 'w') }
  }

  async function reopenFile(bytes: number): Promise<void> {
    const fileName = jsonlFileName(name, index - 1)
    const path = await files.pathFor(fileName)
    await truncate(path, bytes)
    current = { name: fileName, path, handle: await open(path, 'a') }
    fileBytes = bytes
    fileRecords = restored?.items
  }

  async function append(line: string): Promise<void> {
    const bytes = Buffer.byteLength(line)
    if (current && fileBytes + bytes > maxBytes) await closeFile()
    if (!current) await openFile()
    unwritten.push(line)
    unwrittenBytes += bytes
    fileBytes += bytes
    if (fileRecords !== undefined) fileRecords++
    appended++
    if (unwrittenBytes >= flushBytes) await flush()
  }

  const { bytes: reopened } = restored ?? {}
  if (reopened !== undefined) void turn(() => reopenFile(reopened)).catch(() => undefined)

  return {
    get count() {
      return count
    },
    async write(record) {
      const line = `${toLine(name, count, schema ? schema.parse(record) : record)}\n`
      count++
      await turn(() => append(line))
    },
    finish: () => turn(closeFile),
    async flush() {
      let state: WriterState = { count: 0, files: 0 }
      await turn(async () => {
        await flush()
        // Taken within the turn: what is written meanwhile is not in the file yet.
        const items = fileRecords === undefined ? {} : { items: fileRecords }
        const growing = current ? { bytes: fileBytes, ...items } : {}
        state = { count: appended, files: index, ...growing }
      })
      return state
    },
    abandon: async () => {
      await current?.handle.close()
      current = undefined
    },
  }
}

function toLine(name: string, index: number, record: unknown): string {
  if (typeof record === 'object' && record !== null && !Array.isArray(record)) {
    return asciiLine(record)
  }
  throw new TypeError(
    `Record ${index} of ${name} must be an object, got ${record === null ? 'null' : typeof record}`,
  )
}
