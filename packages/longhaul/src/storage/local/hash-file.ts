import { createHash, type Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'

const chunkBytes = 1024 * 1024

/** Hands a file's bytes from `start` on to `use`, a mebibyte at a time; the event loop runs in between. */
export async function readThrough(
  file: FileHandle,
  use: (chunk: Uint8Array) => unknown,
  { start = 0, end = Infinity }: { start?: number; end?: number } = {},
): Promise<number> {
  const buffer = Buffer.allocUnsafe(chunkBytes)
  let at = start
  while (at < end) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(chunkBytes, end - at), at)
    if (bytesRead === 0) break
    await use(buffer.subarray(0, bytesRead))
    at += bytesRead
  }
  return at - start
}

export async function hashFile(file: FileHandle): Promise<{ size: number; sha256: string }> {
  const hash: Hash = createHash('sha256')
  const size = await readThrough(file, (chunk) => hash.update(chunk))
  return { size, sha256: hash.digest('hex') }
}
