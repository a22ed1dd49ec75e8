import { refusal } from './archive-refusal.ts'
import type { ArchiveLimits } from './archives.ts'

/** Before so much has come out, no ratio says anything: a short text of one letter packs a thousandfold. */
const freeBytes = 10_000_000

/**
 * Counts what really comes out of an archive, whatever its headers say, and refuses as soon as it is too much: the work that
 * an archive can make us do is bounded by this.
 */
export class OutputMeter {
  readonly #limits: ArchiveLimits
  #in = 0
  #out = 0
  #entries = 0
  #bytes = 0

  constructor(limits: ArchiveLimits) {
    this.#limits = limits
  }

  get entries(): number {
    return this.#entries
  }

  /** Of the files, without what is between them. */
  get bytes(): number {
    return this.#bytes
  }

  /** Packed bytes that went in. */
  consumed(bytes: number): void {
    this.#in += bytes
  }

  /** Unpacked bytes that came out of them, of files or between them. */
  produced(bytes: number, entry?: string): void {
    this.#out += bytes
    const { maxRatio } = this.#limits
    if (this.#out > freeBytes && this.#out > maxRatio * this.#in)
      throw refusal('bomb', `unpacks to more than ${maxRatio} times its size`, entry)
    this.#refuseBytes(this.#out, entry)
  }

  entry(name: string): void {
    const { maxEntries } = this.#limits
    if (++this.#entries > maxEntries)
      throw refusal('too-many-entries', `is one more than the ${maxEntries} allowed`, name)
  }

  /** The bytes of one file, counted as they pass. */
  async *file(name: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { maxEntryBytes } = this.#limits
    let size = 0
    for await (const chunk of body) {
      size += chunk.byteLength
      if (size > maxEntryBytes)
        throw refusal('too-many-bytes', `is larger than the ${maxEntryBytes} bytes allowed`, name)
      this.#bytes += chunk.byteLength
      this.#refuseBytes(this.#bytes, name)
      yield chunk
    }
  }

  #refuseBytes(bytes: number, entry?: string): void {
    const { maxBytes } = this.#limits
    if (bytes > maxBytes)
      throw refusal('too-many-bytes', `unpacks to more than the ${maxBytes} bytes allowed`, entry)
  }
}
