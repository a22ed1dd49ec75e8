import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { LonghaulError } from '../../errors/index.ts'
import { chunksOf } from '../body-chunks.ts'
import { chunksLast } from '../lasting-chunks.ts'
import type { Bytes } from '../object-store.ts'

export interface Written {
  readonly size: number
  readonly sha256: string
}

/** Small enough that hashing one takes a fraction of a millisecond, large enough that system calls do not count. */
const stagingBytes = 256 * 1024

/**
 * Streams a body into a file and hashes it on the way. Memory is two batches, whatever the body: one fills while the other
 * is being written, and a slow disk slows the source down.
 */
export async function writeBody(
  file: FileHandle,
  body: Bytes,
  options: {
    readonly signal?: AbortSignal | undefined
    readonly maxBytes?: number
    /** Where in the file it begins. */
    readonly at?: number
  } = {},
): Promise<Written> {
  const { signal, maxBytes = Infinity, at = 0 } = options
  const hash = createHash('sha256')
  const batch = batchFor(body)
  let size = 0
  let written = at
  let writing: Promise<void> = Promise.resolve()

  const flush = async () => {
    const full = batch.take()
    for (const chunk of full) hash.update(chunk)
    await writing
    writing = writeMany(file, full, written)
    writing.catch(() => {}) // seen by the await above or by the last one
    for (const chunk of full) written += chunk.byteLength
  }

  try {
    for await (const chunk of chunksOf(body, signal)) {
      size += chunk.byteLength
      if (size > maxBytes) throw tooLong(maxBytes)
      for (let from = 0; from < chunk.byteLength;) {
        from += batch.add(chunk.subarray(from))
        if (batch.isFull()) await flush()
      }
    }
    if (!batch.isEmpty()) await flush()
  } finally {
    await writing.catch(() => {}) // nothing may still write when the caller closes the file
  }
  await writing
  return { size, sha256: hash.digest('hex') }
}

/** What is written at once. `take` empties it; what it gave is good until it is taken from twice more. */
export interface Batch {
  /** How many of these bytes it has taken. */
  add(chunk: Uint8Array): number
  isFull(): boolean
  isEmpty(): boolean
  take(): readonly Uint8Array[]
}

export const batchFor = (body: Bytes): Batch => (chunksLast(body) ? keptChunks() : copiedChunks())

/** As many chunks as one system call writes. */
const maxChunks = 256

function keptChunks(): Batch {
  let chunks: Uint8Array[] = []
  let used = 0
  return {
    add(chunk) {
      const taken = chunk.subarray(0, stagingBytes)
      chunks.push(taken)
      used += taken.byteLength
      return taken.byteLength
    },
    isFull: () => used >= stagingBytes || chunks.length === maxChunks,
    isEmpty: () => used === 0,
    take() {
      const full = chunks
      chunks = []
      used = 0
      return full
    },
  }
}

function copiedChunks(): Batch {
  let filling = Buffer.allocUnsafe(stagingBytes)
  let spare: Buffer<ArrayBuffer> | undefined
  let used = 0
  return {
    add(chunk) {
      const piece = chunk.subarray(0, stagingBytes - used)
      filling.set(piece, used)
      used += piece.byteLength
      return piece.byteLength
    },
    isFull: () => used === stagingBytes,
    isEmpty: () => used === 0,
    take() {
      const full = filling.subarray(0, used)
      const next = spare ?? Buffer.allocUnsafe(stagingBytes)
      spare = filling
      filling = next
      used = 0
      return [full]
    },
  }
}

export async function writeMany(
  file: FileHandle,
  chunks: readonly Uint8Array[],
  at: number,
): Promise<void> {
  const { bytesWritten } = await file.writev(chunks, at)
  let from = 0
  for (const chunk of chunks) {
    const done = Math.min(chunk.byteLength, Math.max(0, bytesWritten - from))
    if (done < chunk.byteLength) await writeAll(file, chunk.subarray(done), at + from + done)
    from += chunk.byteLength
  }
}

/** A write may be short, on a nearly full disk for instance; the rest then says why. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength;)
    done += (await file.write(bytes, done, bytes.byteLength - done, at + done)).bytesWritten
}

const tooLong = (maxBytes: number) =>
  new LonghaulError(
    'body-too-large',
    `The body is longer than the ${maxBytes} bytes allowed here.`,
    {
      facts: { max_bytes: maxBytes },
    },
  )
