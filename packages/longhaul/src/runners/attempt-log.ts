import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rm, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import type { JsonObject } from '../support/json.ts'
import { LineSplitter } from './line-splitter.ts'

/** One line of an attempt's log, as it stands in the file (JSON, one object a line). */
export interface AttemptLogLine {
  /** Epoch milliseconds. */
  readonly at: number
  /** `log` is ctx.log or its like; `longhaul` is the supervisor's own word. */
  readonly from: 'stdout' | 'stderr' | 'log' | 'longhaul'
  readonly text: string
  readonly level?: 'debug' | 'info' | 'warn' | 'error'
  readonly fields?: JsonObject
  /** The line was longer than the cap; what follows continues it. */
  readonly cut?: true
  /** Bytes of log that were dropped here, between the head and the tail that are kept. */
  readonly gap_bytes?: number
}

export interface AttemptLogOptions {
  /** @default 64 MiB */
  readonly maxBytes?: number
  /** Hears every line, also those past the cap. */
  readonly onLine?: ((line: Omit<AttemptLogLine, 'at'>) => void) | undefined
}

const MiB = 1024 * 1024
const unwrittenLimit = MiB
const batchBytes = MiB

/**
 * Writes the log of one attempt. The first half of `maxBytes` goes to `file`; what comes later goes to pieces beside it,
 * `file.<offset>`, of which only the last two are kept: so head and tail survive, and the offsets tell how much is missing.
 * The file comes into being with the first line.
 */
export class AttemptLog {
  readonly #file: string
  readonly #onLine: AttemptLogOptions['onLine']
  readonly #headBytes: number
  readonly #pieceBytes: number
  #unwritten: string[] = []
  #unwrittenBytes = 0
  #writing: Promise<void> | undefined
  #handle: FileHandle | undefined
  #offset = 0
  #pieceEnd: number
  #pieces: string[] = []
  #closed = false

  constructor(file: string, { maxBytes = 64 * MiB, onLine }: AttemptLogOptions = {}) {
    this.#onLine = onLine
    this.#file = file
    this.#headBytes = Math.floor(maxBytes / 2)
    this.#pieceBytes = Math.floor(maxBytes / 4)
    this.#pieceEnd = this.#headBytes
  }

  /** Never throws: a log that cannot be written costs the log, not the attempt. */
  write(line: Omit<AttemptLogLine, 'at'>): void {
    if (this.#closed) return
    this.#onLine?.(line)
    const text = `${JSON.stringify({ at: Date.now(), ...line })}\n`
    this.#unwritten.push(text)
    this.#unwrittenBytes += text.length
    this.#writing ??= this.#flush()
  }

  /** More than a reader should add to is waiting for the disk: read no more until the promise resolves. */
  get pressure(): Promise<void> | undefined {
    return this.#unwrittenBytes > unwrittenLimit ? this.#writing : undefined
  }

  async close(): Promise<void> {
    this.#closed = true
    while (this.#writing) await this.#writing
    await this.#handle?.close().catch(() => undefined)
  }

  async #flush(): Promise<void> {
    try {
      // A turn of the event loop gathers what came in one burst into one write.
      await new Promise(setImmediate)
      while (this.#unwritten.length > 0) await this.#append(this.#takeBatch())
    } catch {
      this.#closed = true
      this.#unwritten = []
      this.#unwrittenBytes = 0
    } finally {
      this.#writing = undefined
    }
  }

  /** Some lines, never more than a piece holds unless it is one line. */
  #takeBatch(): Buffer {
    const most = Math.min(this.#pieceBytes, batchBytes)
    let bytes = 0
    let count = 0
    for (const line of this.#unwritten) {
      bytes += Buffer.byteLength(line)
      if (count > 0 && bytes > most) break
      count++
    }
    const lines = this.#unwritten.splice(0, count)
    this.#unwrittenBytes -= lines.reduce((sum, line) => sum + line.length, 0)
    return Buffer.from(lines.join(''))
  }

  async #append(bytes: Buffer): Promise<void> {
    if (!this.#handle) {
      await mkdir(path.dirname(this.#file), { recursive: true })
      this.#handle = await open(this.#file, 'w')
    } else if (this.#offset + bytes.length > this.#pieceEnd) {
      await this.#nextPiece()
    }
    await this.#handle.appendFile(bytes)
    this.#offset += bytes.length
  }

  async #nextPiece(): Promise<void> {
    await this.#handle?.close()
    const piece = `${this.#file}.${String(this.#offset).padStart(15, '0')}`
    this.#handle = await open(piece, 'w')
    this.#pieceEnd = this.#offset + this.#pieceBytes
    this.#pieces.push(piece)
    if (this.#pieces.length > 2) await rm(this.#pieces.shift() ?? '', { force: true })
  }
}

/**
 * The lines that are there now, while it is written or after; streams. A log that never began has no lines. The line
 * with `gap_bytes` stands where some were dropped.
 */
export async function* readAttemptLog(file: string): AsyncGenerator<AttemptLogLine> {
  const folder = path.dirname(file)
  const base = path.basename(file)
  const pieces = (await readdir(folder).catch(() => []))
    .map((name) => ({ name, offset: offsetOf(name, base) }))
    .filter((piece): piece is { name: string; offset: number } => piece.offset !== undefined)
    .sort((a, b) => a.offset - b.offset)
  let end = 0
  for (const { name, offset } of pieces) {
    if (offset > end) {
      const gap_bytes = offset - end
      const text = `… ${gap_bytes} bytes of log were dropped here; its beginning and end are kept …`
      yield { at: 0, from: 'longhaul', text, gap_bytes }
    }
    const input = createReadStream(path.join(folder, name), { highWaterMark: 256 * 1024 })
    let bytes = 0
    const counted = async function* () {
      for await (const chunk of input as AsyncIterable<Buffer>) {
        bytes += chunk.length
        yield chunk
      }
    }
    try {
      yield* parseAttemptLog(counted())
    } catch (error) {
      // A piece that was dropped between listing and reading is one more gap.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    end = offset + bytes
  }
}

/** The lines of a log's bytes, wherever they come from. */
export async function* parseAttemptLog(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<AttemptLogLine> {
  const lines = new LineSplitter()
  for await (const chunk of chunks) {
    for (const line of lines.feed(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))) {
      const parsed = parseLine(line)
      if (parsed) yield parsed
    }
  }
}

function offsetOf(name: string, base: string): number | undefined {
  if (name === base) return 0
  if (!name.startsWith(`${base}.`)) return undefined
  const digits = name.slice(base.length + 1)
  return /^\d+$/.test(digits) ? Number(digits) : undefined
}

/** The last line of a log that is being written may be half there. */
function parseLine(line: string): AttemptLogLine | undefined {
  try {
    return JSON.parse(line) as AttemptLogLine
  } catch {
    return undefined
  }
}
