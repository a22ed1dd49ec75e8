import { open, type FileHandle } from 'node:fs/promises'
import type { z } from 'zod'
import { inTurn } from '../in-turn.ts'
import {
  numberedName,
  type Abandonable,
  type RecordWriter,
  type WriterFiles,
} from '../record-writer.ts'

const flushBytes = 256 * 1024

/**
 * One JSON object a line, UTF-8. The next file begins before `maxBytes` would be passed; a record larger than that has a
 * file to itself. No record, no file. NaN and Infinity become null, as JSON has it.
 */
export function jsonlWriter<R = unknown>(
  files: WriterFiles,
  name: string,
  options: { readonly maxBytes: number; readonly schema?: z.ZodType | undefined },
): RecordWriter<R> & Abandonable {
  const { maxBytes, schema } = options
  const turn = inTurn()
  let count = 0
  let index = 0
  let current: { readonly name: string; readonly path: string; handle: FileHandle } | undefined
  let fileBytes = 0
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
    fileBytes = 0
    await files.give(done.name, done.path, 'application/x-ndjson')
  }

  async function openFile(): Promise<void> {
    const fileName = numberedName(name, index++, '.jsonl')
    const path = await files.pathFor(fileName)
    current = { name: fileName, path, handle: await open(path, 'w') }
  }

  async function append(line: string): Promise<void> {
    const bytes = Buffer.byteLength(line)
    if (current && fileBytes + bytes > maxBytes) await closeFile()
    if (!current) await openFile()
    unwritten.push(line)
    unwrittenBytes += bytes
    fileBytes += bytes
    if (unwrittenBytes >= flushBytes) await flush()
  }

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
    abandon: async () => {
      await current?.handle.close()
      current = undefined
    },
  }
}

function toLine(name: string, index: number, record: unknown): string {
  if (typeof record === 'object' && record !== null && !Array.isArray(record)) {
    return JSON.stringify(record)
  }
  throw new TypeError(
    `Record ${index} of ${name} must be an object, got ${record === null ? 'null' : typeof record}`,
  )
}
