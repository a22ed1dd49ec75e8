import { createHash } from 'node:crypto'
import type { Bytes, ObjectStore, UploadRef } from '../object-store.ts'

/** Pieces of one tail; then the next writer makes one of them. */
const maxPieces = 16
const prefix = 'uploads/tails/'

interface TailPiece {
  readonly key: string
  readonly size: number
}

/**
 * What was appended and does not make a part yet, in objects whose names say where in the upload they begin: those that
 * begin where the parts end, or where the one before ends, are the tail. Once a part has taken them up they are no longer
 * part of any chain, whenever they are deleted.
 */
export function tails({ put, get, head, list, delete: remove }: ObjectStore) {
  // The upload's own id may hold what no key may.
  const folderOf = ({ key, uploadId }: UploadRef) =>
    `${prefix}${createHash('sha256').update(`${uploadId} ${key}`).digest('hex').slice(0, 40)}/`
  const keyOf = (upload: UploadRef, from: number) =>
    folderOf(upload) + String(from).padStart(15, '0')

  const store = {
    async of(upload: UploadRef, from: number): Promise<readonly TailPiece[]> {
      const pieces: TailPiece[] = []
      for (let at = from; ;) {
        const key = keyOf(upload, at)
        const size = (await head(key))?.size ?? 0
        if (size === 0) return pieces
        pieces.push({ key, size })
        at += size
      }
    },
    /** Adds bytes that begin at `at`. */
    async add(upload: UploadRef, at: number, bytes: Bytes): Promise<void> {
      await put(keyOf(upload, at), bytes, { mediaType: 'application/octet-stream' })
    },
    async *read(pieces: readonly TailPiece[]): AsyncGenerator<Uint8Array> {
      for (const { key } of pieces) yield* (await get(key)).body as AsyncIterable<Uint8Array>
    },
    /** Small appends would make a long chain. */
    async merge(upload: UploadRef, from: number, pieces: readonly TailPiece[]) {
      if (pieces.length < maxPieces) return pieces
      const size = pieces.reduce((sum, piece) => sum + piece.size, 0)
      await put(keyOf(upload, from), () => store.read(pieces))
      const [first, ...rest] = pieces
      await remove(rest.map(({ key }) => key))
      return first ? [{ key: first.key, size }] : []
    },
    drop: (pieces: readonly TailPiece[]) => remove(pieces.map(({ key }) => key)),
    /** With whatever a crash left of it. */
    async dropAll(upload: UploadRef): Promise<void> {
      for (;;) {
        const { objects, next } = await list(folderOf(upload), { limit: 1000 })
        if (objects.length > 0) await remove(objects.map(({ key }) => key))
        if (next === undefined) return
      }
    },
  }
  return store
}
export type Tails = ReturnType<typeof tails>
