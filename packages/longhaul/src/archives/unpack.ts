import type { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isLonghaulError } from '../errors/index.ts'
import { refusal } from './archive-refusal.ts'

/** A decompressor of node:zlib. */
export type Unpacker = Transform & { readonly bytesWritten: number }

/** Few turns of the event loop, each of them short. */
export const unpackedChunkBytes = 64 * 1024

/**
 * What `packed` unpacks to. Bytes behind the end of the compressed data are refused: what the decompressor leaves alone,
 * another program may read.
 */
export async function* unpack(
  packed: AsyncIterable<Uint8Array>,
  unpacker: Unpacker,
  { packedBytes, entry }: { readonly packedBytes: number; readonly entry?: string },
): AsyncGenerator<Buffer> {
  const feeding = pipeline(packed, unpacker)
  feeding.catch(() => {}) // it comes out of the unpacker as well
  try {
    yield* unpacker as AsyncIterable<Buffer>
    // Not waited for before this: what is left over is never taken.
    if (unpacker.bytesWritten < packedBytes)
      throw refusal('trailing-data', 'has bytes behind the end of its data', entry)
    await feeding
  } catch (error) {
    throw ofUnpacker(error, entry)
  } finally {
    unpacker.destroy()
  }
}

function ofUnpacker(error: unknown, entry: string | undefined): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (isLonghaulError(error) || !/^(Z_|ZSTD_)/.test(code ?? '')) return error
  return code === 'Z_BUF_ERROR' || /unexpected end|incomplete/i.test(message)
    ? refusal('truncated', 'ends in the middle', entry)
    : refusal('damaged', 'cannot be unpacked', entry)
}
