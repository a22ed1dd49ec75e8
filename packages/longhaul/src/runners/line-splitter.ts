/**
 * Bytes in, lines out, split at `\n` alone: node:readline also splits at U+2028, which JSON may hold.
 * Throws a RangeError when a line grows past `maxBytes`, so that memory stays bounded.
 */
export class LineSplitter {
  readonly #maxBytes: number
  #parts: Buffer[] = []
  #bytes = 0

  constructor(maxBytes = 64 * 1024 * 1024) {
    this.#maxBytes = maxBytes
  }

  /** The lines that `chunk` completes, without their `\n`. Keeps the chunk: do not reuse it. */
  feed(chunk: Buffer): string[] {
    const lines: string[] = []
    let start = 0
    for (;;) {
      const end = chunk.indexOf(10, start)
      if (end === -1) break
      this.#keep(chunk.subarray(start, end))
      const [only] = this.#parts
      lines.push(
        (this.#parts.length === 1 && only ? only : Buffer.concat(this.#parts)).toString('utf8'),
      )
      this.#parts = []
      this.#bytes = 0
      start = end + 1
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
    return lines
  }

  #keep(part: Buffer): void {
    this.#parts.push(part)
    this.#bytes += part.length
    if (this.#bytes > this.#maxBytes)
      throw new RangeError(`a line is longer than ${this.#maxBytes} bytes`)
  }
}
