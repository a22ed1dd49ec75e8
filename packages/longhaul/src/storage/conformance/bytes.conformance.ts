import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { ByteRange, ObjectStore } from '../object-store.ts'

export const sha256Of = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')

export async function read(store: ObjectStore, key: string, range?: ByteRange): Promise<Buffer> {
  return buffer((await store.get(key, range)).body)
}

/** Bytes that differ everywhere, so that a mistake of one position shows. */
export function patterned(size: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  for (let i = 0, x = seed >>> 0 || 1; i < size; i++) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    bytes[i] = x & 255
  }
  return bytes
}

/** A body that breaks off, as a client does that goes away. */
export const breakingOff = (bytes: Uint8Array): Readable =>
  Readable.from(
    (async function* () {
      yield bytes
      throw new Error('the line broke')
    })(),
  )

/** Yields the same array again and again with other content, which producers may do. */
export async function* reusingItsBuffer(bytes: Uint8Array, chunk: number) {
  const own = new Uint8Array(chunk)
  for (let from = 0; from < bytes.byteLength; from += chunk) {
    const piece = bytes.subarray(from, from + chunk)
    own.set(piece)
    yield own.subarray(0, piece.byteLength)
  }
}
