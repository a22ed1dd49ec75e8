import { open } from 'node:fs/promises'

/** Reads a file into memory that threads share without copying. */
export async function readShared(path: string): Promise<Uint8Array<SharedArrayBuffer>> {
  await using file = await open(path, 'r')
  const { size } = await file.stat()
  const bytes = new Uint8Array(new SharedArrayBuffer(size))
  let filled = 0
  while (filled < size) {
    const { bytesRead } = await file.read(bytes, filled, size - filled, filled)
    if (bytesRead === 0) break // it shrank meanwhile
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}
