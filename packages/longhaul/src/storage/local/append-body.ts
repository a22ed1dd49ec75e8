import type { Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { chunksOf } from '../body-chunks.ts'
import type { Bytes } from '../object-store.ts'
import { batchFor, writeMany } from './write-body.ts'

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
  const batch = batchFor(body)
  let written = at
  let kept = at
  let writing: Promise<void> = Promise.resolve()

  const flush = async () => {
    const full = batch.take()
    for (const chunk of full) hash?.update(chunk)
    await writing
    writing = writeMany(file, full, written)
    writing.catch(() => {}) // seen by the next await
    for (const chunk of full) written += chunk.byteLength
  }
  const keepAll = async () => {
    if (!batch.isEmpty()) await flush()
    await writing
    if (written > kept) await keep(written)
    kept = written
  }

  try {
    for await (const chunk of chunksOf(body, signal))
      for (let from = 0; from < chunk.byteLength;) {
        from += batch.add(chunk.subarray(from))
        if (!batch.isFull()) continue
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
