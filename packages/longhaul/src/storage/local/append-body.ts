import type { Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { chunksOf } from '../body-chunks.ts'
import type { Bytes } from '../object-store.ts'
import { writeAll } from './write-body.ts'

const stagingBytes = 256 * 1024
/** What a crash costs at most, of a body that is still coming. */
const unsafeBytes = 64 * 1024 * 1024

/**
 * Writes a body from `at` on, and calls `keep` whenever much has come, and at the end, with the new end and a promise that
 * everything before it is in the file. When the body breaks off, what came is kept all the same, unless it counts as a
 * whole only.
 */
export async function appendBody(
  file: FileHandle,
  body: Bytes,
  at: number,
  options: {
    readonly whole: boolean
    readonly hash: Hash | undefined
    readonly signal: AbortSignal | undefined
    readonly keep: (end: number) => Promise<void>
  },
): Promise<void> {
  const { whole, hash, signal, keep } = options
  const staging = [Buffer.allocUnsafe(stagingBytes), Buffer.allocUnsafe(stagingBytes)] as const
  let [filling, spare]: readonly [Buffer, Buffer] = staging
  let used = 0
  let written = at
  let kept = at
  let writing: Promise<void> = Promise.resolve()

  const flush = async () => {
    const full = filling.subarray(0, used)
    hash?.update(full)
    await writing
    writing = writeAll(file, full, written)
    writing.catch(() => {}) // seen by the next await
    written += used
    ;[filling, spare] = [spare, filling]
    used = 0
  }
  const keepAll = async () => {
    if (used > 0) await flush()
    await writing
    if (written > kept) await keep(written)
    kept = written
  }

  try {
    for await (const chunk of chunksOf(body, signal))
      for (let from = 0; from < chunk.byteLength;) {
        const piece = chunk.subarray(from, from + stagingBytes - used)
        filling.set(piece, used)
        used += piece.byteLength
        from += piece.byteLength
        if (used < stagingBytes) continue
        await flush()
        if (!whole && written - kept >= unsafeBytes) await keepAll()
      }
  } catch (error) {
    // The body's error says more than what may go wrong now.
    if (whole) await writing.catch(() => {})
    else await keepAll().catch(() => {})
    throw error
  }
  await keepAll()
}
