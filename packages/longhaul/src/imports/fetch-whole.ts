import { Patience } from './patience.ts'
import { passing, type Bytes, type FoundFile } from './source.ts'
import type { Transfer } from './transfer.ts'

/**
 * A file of which parts cannot be asked for, or whose size nobody says: in one reading, and from the beginning again where
 * that is cut. Answers its size. `begin` gives an empty upload.
 */
export async function fetchWhole(
  transfer: Transfer,
  file: FoundFile,
  begin: () => Promise<string>,
): Promise<{ readonly uploadId: string; readonly sizeBytes: number }> {
  const { source, uploads, owner, tuning, progress, signal } = transfer
  const patience = new Patience(tuning)
  for (;;) {
    const uploadId = await begin()
    let moved = 0
    async function* counted(): Bytes {
      for await (const chunk of await source.read(file, undefined, signal)) {
        moved += chunk.length
        progress.moved(chunk.length)
        yield chunk
      }
      if (file.sizeBytes !== undefined && moved !== file.sizeBytes)
        throw passing(`${file.name} has ${file.sizeBytes} bytes; ${moved} came.`)
    }
    try {
      const body = counted()
      await uploads.append({ owner, uploadId, offset: 0, body, whole: true, signal })
      await uploads.declareSize({ owner, uploadId, sizeBytes: moved })
      return { uploadId, sizeBytes: moved }
    } catch (error) {
      progress.lost(moved)
      await uploads.abort(uploadId, owner).catch(() => undefined)
      await patience.bear(error, signal)
    }
  }
}
