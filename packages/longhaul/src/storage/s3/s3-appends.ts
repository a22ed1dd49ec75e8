import { LonghaulError } from '../../errors/index.ts'
import { chunksOf } from '../body-chunks.ts'
import { offsetMismatch } from '../check-bytes.ts'
import type { AppendedUploads, Part, UploadRef } from '../object-store.ts'
import type { Capabilities } from './capabilities.ts'
import type { S3Multipart } from './s3-multipart.ts'
import { openSpool, type Spool } from './spool.ts'
import type { Tails } from './tail.ts'

const MiB = 1024 * 1024
/** What a crash costs at most, of a body that is still coming. */
const unsafeBytes = 64 * MiB

/**
 * S3 has parts and nothing between them: full parts are sent as soon as their bytes have come, and what is left over is
 * kept in objects of its own until more comes. How much there is, is what the store lists and what follows on it.
 */
export function s3Appends(
  { listParts, putPart }: Pick<S3Multipart, 'listParts' | 'putPart'>,
  capabilities: Capabilities,
  tails: Tails,
): Omit<AppendedUploads, 'concatenate'> {
  /** Parts of unknown many bytes grow, so that there are enough of them for terabytes. */
  function sizeOf(partNumber: number, partBytes: number | undefined): number {
    const { maxParts, minPartBytes, equalParts } = capabilities.limits
    if (partNumber > maxParts)
      throw new LonghaulError(
        'upload-too-large',
        `The store takes at most ${maxParts} parts, and they are full. Say the size of such an upload when it starts.`,
      )
    const growth = [0.1, 0.2, 0.4].filter((share) => partNumber > share * maxParts).length
    const grown = equalParts ? 64 * MiB : Math.max(minPartBytes, 8 * MiB) * 5 ** growth
    return Math.max(partBytes ?? grown, minPartBytes)
  }

  async function find(upload: UploadRef) {
    const parts = await listParts(upload)
    const full = parts.reduce((sum, part) => sum + part.size, 0)
    const tail = await tails.of(upload, full)
    const held = tail.reduce((sum, piece) => sum + piece.size, 0)
    return { count: parts.length, full, tail, held }
  }

  async function* keptAside(body: AsyncIterable<Uint8Array>, aside: Spool) {
    for await (const chunk of body) await aside.add(chunk)
    yield* aside.read()
  }

  return {
    async appendedBytes(upload) {
      const { full, held } = await find(upload)
      return full + held
    },
    async append(upload, offset, body, { partBytes, whole = false, current, signal } = {}) {
      const found = await find(upload)
      let { count, full, held } = found
      if (full + held !== offset) throw offsetMismatch(full + held, offset)
      let tail = await tails.merge(upload, full, found.tail)
      const spool = openSpool()
      const aside = openSpool()

      const sendPart = async () => {
        await current?.()
        const [pieces, size] = [tail, held + spool.size]
        const bytes = async function* () {
          yield* tails.read(pieces)
          yield* spool.read()
        }
        await putPart(upload, count + 1, bytes, { sizeBytes: size, streamed: true })
        ;[count, full, held, tail] = [count + 1, full + size, 0, []]
        await spool.clear()
        await tails.drop(pieces)
      }
      const keepTail = async () => {
        if (spool.size === 0) return
        await current?.()
        await tails.add(upload, full + held, () => spool.read())
        held += spool.size
        await spool.clear()
        tail = await tails.of(upload, full)
      }

      try {
        const chunks = chunksOf(body, signal)
        try {
          for await (const chunk of whole ? keptAside(chunks, aside) : chunks)
            for (let from = 0; from < chunk.byteLength;) {
              const room = sizeOf(count + 1, partBytes) - held - spool.size
              const piece = chunk.subarray(from, from + Math.max(0, room))
              await spool.add(piece)
              from += piece.byteLength
              if (piece.byteLength >= room) await sendPart()
              else if (spool.size >= unsafeBytes) await keepTail()
            }
        } catch (error) {
          await keepTail().catch(() => {}) // the body's error says more
          throw error
        }
        await keepTail()
        return full + held
      } finally {
        await spool.clear()
        await aside.clear()
      }
    },
    async partsOfAppended(upload) {
      const { count, full, tail, held } = await find(upload)
      if (held > 0 || full === 0) {
        await putPart(upload, count + 1, () => tails.read(tail), { sizeBytes: held })
      }
      await tails.dropAll(upload)
      const parts: readonly Part[] = await listParts(upload)
      return parts
    },
  }
}
