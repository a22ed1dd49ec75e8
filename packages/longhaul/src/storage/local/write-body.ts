import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { LonghaulError } from '../../errors/index.ts'
import { chunksOf } from '../body-chunks.ts'
import type { Bytes } from '../object-store.ts'

export interface Written {
  readonly size: number
  readonly sha256: string
}

/** Small enough that hashing one takes a fraction of a millisecond, large enough that system calls do not count. */
const stagingBytes = 256 * 1024

/**
 * Streams a body into a file and hashes it on the way. Memory is two staging buffers, whatever the body: one
 * fills while the other is being written, and a slow disk slows the source down.
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
  let size = 0
  let written = at
  let used = 0
  let filling = Buffer.allocUnsafe(stagingBytes)
  let spare: Buffer<ArrayBuffer> | undefined
  let writing: Promise<void> = Promise.resolve()

  const flush = async () => {
    const full = filling.subarray(0, used)
    hash.update(full)
    await writing
    writing = writeAll(file, full, written)
    written += full.byteLength
    writing.catch(() => {}) // seen by the await above or by the last one
    const next = spare ?? Buffer.allocUnsafe(stagingBytes)
    spare = filling
    filling = next
    used = 0
  }

  try {
    for await (const chunk of chunksOf(body, signal)) {
      size += chunk.byteLength
      if (size > maxBytes) throw tooLong(maxBytes)
      // Copied, because a generator may use its own buffer again as soon as it is asked for more.
      for (let from = 0; from < chunk.byteLength;) {
        const piece = chunk.subarray(from, from + stagingBytes - used)
        filling.set(piece, used)
        used += piece.byteLength
        from += piece.byteLength
        if (used === stagingBytes) await flush()
      }
    }
    if (used > 0) await flush()
  } finally {
    await writing.catch(() => {}) // nothing may still write when the caller closes the file
  }
  await writing
  return { size, sha256: hash.digest('hex') }
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
