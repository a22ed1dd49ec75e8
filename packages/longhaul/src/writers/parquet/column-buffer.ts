import { physical, type Cell, type Physical } from './column.ts'

/** What a column held of some rows, as bytes. */
export interface KeptColumn {
  /** A byte for each row: 1 for a value, 0 for null. */
  readonly levels: Buffer
  readonly values: Buffer
}

/** The cells of one column in one row group: values one after the other as the format wants them, nulls beside them. */
export class ColumnBuffer {
  readonly #physical: Physical
  #levels = Buffer.allocUnsafeSlow(1024)
  #rows = 0
  #values = Buffer.allocUnsafeSlow(8192)
  #view = viewOf(this.#values)
  #length = 0
  #lengthBefore = 0

  constructor(kind: Physical) {
    this.#physical = kind
  }

  get content(): KeptColumn {
    return this.since({ rows: 0, bytes: 0 })
  }

  get mark(): { readonly rows: number; readonly bytes: number } {
    return { rows: this.#rows, bytes: this.#length }
  }

  /** Not copied, and never changed: later cells are written behind them, or elsewhere. */
  since({ rows, bytes }: { readonly rows: number; readonly bytes: number }): KeptColumn {
    return {
      levels: this.#levels.subarray(rows, this.#rows),
      values: this.#values.subarray(bytes, this.#length),
    }
  }

  append({ levels, values }: KeptColumn): void {
    while (this.#rows + levels.length > this.#levels.length) this.#growLevels()
    this.#rows += levels.copy(this.#levels, this.#rows)
    this.#reserve(values.length)
    this.#length += values.copy(this.#values, this.#length)
  }

  /** Answers by how many bytes the values grew. Never throws. */
  push(cell: Cell): number {
    if (this.#rows === this.#levels.length) this.#growLevels()
    this.#levels[this.#rows++] = cell === null ? 0 : 1
    this.#lengthBefore = this.#length
    if (cell === null) return 0
    if (typeof cell === 'string') this.#pushText(cell)
    else if (this.#physical === physical.double) this.#pushDouble(cell as number)
    else if (this.#physical === physical.int64) this.#pushInt64(cell)
    else this.#pushByte(cell as number)
    return this.#length - this.#lengthBefore
  }

  /** As if the last `push` had not been. */
  undo(): void {
    this.#rows--
    this.#length = this.#lengthBefore
  }

  #pushDouble(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#length, value, true)
    this.#length += 8
  }

  #pushInt64(value: number | bigint): void {
    this.#reserve(8)
    if (typeof value === 'bigint') this.#view.setBigInt64(this.#length, value, true)
    else {
      const high = Math.floor(value / 2 ** 32) // a bigint for every number would cost more than all the rest
      this.#view.setUint32(this.#length, value - high * 2 ** 32, true)
      this.#view.setInt32(this.#length + 4, high, true)
    }
    this.#length += 8
  }

  #pushByte(value: number): void {
    this.#reserve(1)
    this.#values[this.#length++] = value
  }

  #pushText(text: string): void {
    this.#reserve(4 + 3 * text.length)
    const bytes = this.#values.write(text, this.#length + 4, 'utf8')
    this.#view.setUint32(this.#length, bytes, true)
    this.#length += 4 + bytes
  }

  #growLevels(): void {
    this.#levels = grown(this.#levels, this.#rows, 2 * this.#levels.length)
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#values.length) return
    this.#values = grown(this.#values, this.#length, Math.max(2 * this.#values.length, needed))
    this.#view = viewOf(this.#values)
  }
}

const viewOf = (bytes: Buffer): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

function grown(bytes: Buffer, used: number, size: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafeSlow(size)
  bytes.copy(larger, 0, 0, used)
  return larger
}
