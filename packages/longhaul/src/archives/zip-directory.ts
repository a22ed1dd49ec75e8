import * as yauzl from 'yauzl'
import { refusal } from './archive-refusal.ts'
import type { StoredBytes } from './stored-bytes.ts'

/** What of yauzl's entries and headers is needed. */
export type ZipEntry = yauzl.Entry
export interface ZipDirectory {
  readonly entryCount: number
  entries(): AsyncGenerator<ZipEntry>
  /** Where the data of an entry lies, and whether its own header says the same as the directory. */
  dataOf(entry: ZipEntry, name: string): Promise<{ readonly start: number; readonly end: number }>
}

/** yauzl reads the directory, which is where a zip says what is in it; bytes come from the store, in windows. */
export async function openZip(bytes: StoredBytes): Promise<ZipDirectory> {
  const reader = new Reader(bytes)
  const zip = await reader.guard(
    yauzl.fromRandomAccessReaderPromise(reader, bytes.sizeBytes, {
      lazyEntries: true,
      autoClose: false,
      decodeStrings: false, // names are checked by rules of our own
    }),
  )
  return {
    entryCount: zip.entryCount,
    async *entries() {
      const entries = zip.eachEntry()
      for (;;) {
        const next = await reader.guard(entries.next())
        if (next.done) return
        yield next.value
      }
    },
    async dataOf(entry, name) {
      const header = await reader.guard(zip.readLocalFileHeaderPromise(entry), name)
      const same =
        header.fileName.equals(entry.fileNameRaw) &&
        header.compressionMethod === entry.compressionMethod &&
        ((header.generalPurposeBitFlag ^ entry.generalPurposeBitFlag) & 1) === 0
      if (!same) throw refusal('headers-differ', 'is described differently in the directory', name)
      return { start: header.fileDataStart, end: header.fileDataStart + entry.compressedSize }
    },
  }
}

class Reader extends yauzl.RandomAccessReader {
  readonly #bytes: StoredBytes
  readonly #broken = Promise.withResolvers<never>()
  #trouble: { readonly error: unknown } | undefined

  constructor(bytes: StoredBytes) {
    super()
    this.#bytes = bytes
    this.#broken.promise.catch(() => {})
  }

  override read(
    target: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#bytes
      .read(position, length)
      .then(
        (bytes) => {
          bytes.copy(target, offset)
          callback(bytes.byteLength === length ? null : new Error('unexpected EOF'))
        },
        (error: unknown) => {
          this.#trouble = { error }
          callback(error as Error)
        },
      )
      // What is thrown in a callback would be heard by nobody, and its caller would wait for ever.
      .catch((error: unknown) => this.#broken.reject(error))
  }

  /** The store's own errors as they are; those about the archive in our words. */
  async guard<T>(work: Promise<T>, entry?: string): Promise<T> {
    try {
      return await Promise.race([work, this.#broken.promise])
    } catch (error) {
      if (this.#trouble) throw this.#trouble.error
      throw ofArchive(error as Error, entry)
    }
  }
}

function ofArchive({ message }: Error, entry?: string): Error {
  if (/comment length/i.test(message))
    return refusal('trailing-data', 'has bytes behind its end', entry)
  if (/end of central directory record signature not found|EOF|overflows/i.test(message))
    return refusal('truncated', 'ends before what it announces', entry)
  if (/encrypt/i.test(message)) return refusal('encrypted', 'is encrypted', entry)
  if (/size mismatch/i.test(message)) return refusal('size', 'has sizes that differ', entry)
  if (/multi-disk/i.test(message))
    return refusal('unsupported-method', 'is one of several volumes', entry)
  return refusal('damaged', 'is no zip that can be read', entry)
}
