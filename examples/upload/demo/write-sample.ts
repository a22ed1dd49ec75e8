import { createCipheriv, createHash } from 'node:crypto'
import { open } from 'node:fs/promises'

/** Bytes that look like noise and are the same for the same seed: a file that nothing can compress, guess or mix up. */
export async function writeSample(file: string, size: number, seed: number): Promise<void> {
  const key = createHash('sha256').update(`sample ${seed}`).digest()
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  const zeros = Buffer.alloc(4 * 1024 * 1024)
  await using handle = await open(file, 'w')
  for (let at = 0; at < size; at += zeros.length)
    await handle.write(cipher.update(zeros.subarray(0, Math.min(zeros.length, size - at))))
}
