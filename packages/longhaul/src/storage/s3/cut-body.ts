import { createHash, type Hash } from 'node:crypto'
import { chunksOf } from '../body-chunks.ts'
import type { Bytes } from '../object-store.ts'

/** A stretch of a body in memory, which can be sent as often as need be. */
export interface Piece {
  readonly bytes: Buffer
  /** Hex. */
  readonly sha256: string
  /** Of these bytes, to go on with. */
  readonly hash: Hash
  readonly isLast: boolean
  /** The bytes are not needed any more: their memory serves the next piece. */
  readonly release: () => void
}

const firstBytes = 64 * 1024

/**
 * A body in pieces of `sizeOf(n)` bytes, n from 1; the last one has the rest and may be empty only when it is alone. The
 * source is asked for more only when a piece is taken, so that a slow store slows it down.
 */
export async function* cutBody(
  body: Bytes,
  sizeOf: (n: number) => number,
  signal?: AbortSignal,
  /** What is expected: memory for so much is taken at once. */
  expectedBytes = firstBytes,
  /** Memory to begin with, and where it goes when it is released. */
  free: Buffer[] = [],
): AsyncGenerator<Piece, void, undefined> {
  let n = 1
  let filling = fill(sizeOf(n), expectedBytes, free)
  for await (const chunk of chunksOf(body, signal)) {
    for (let from = 0; from < chunk.byteLength;) {
      if (filling.isFull()) {
        yield filling.piece(false)
        filling = fill(sizeOf(++n), sizeOf(n), free)
      }
      from += filling.add(chunk.subarray(from))
    }
  }
  yield filling.piece(true)
}

/** Grows as bytes come: most bodies are much smaller than a piece may be. */
function fill(maxBytes: number, expectedBytes: number, free: Buffer[]) {
  const hash = createHash('sha256')
  const former = free.pop()
  let buffer =
    former && former.byteLength >= Math.min(expectedBytes, maxBytes)
      ? former
      : Buffer.allocUnsafeSlow(Math.min(expectedBytes, maxBytes))
  let used = 0
  return {
    isFull: () => used === maxBytes,
    add(chunk: Uint8Array): number {
      const taken = chunk.subarray(0, maxBytes - used)
      const needed = used + taken.byteLength
      if (needed > buffer.byteLength) {
        const larger = Buffer.allocUnsafeSlow(Math.min(maxBytes, Math.max(needed, used * 4)))
        larger.set(buffer.subarray(0, used))
        buffer = larger
      }
      buffer.set(taken, used)
      used = needed
      hash.update(taken)
      return taken.byteLength
    },
    piece: (isLast: boolean): Piece => ({
      bytes: buffer.subarray(0, used),
      sha256: hash.copy().digest('hex'),
      hash,
      isLast,
      release: () => void free.push(buffer),
    }),
  }
}
