import { kinds, type Column, type TableRow } from './column.ts'
import { ColumnBuffer, type KeptColumn } from './column-buffer.ts'
import { encodeChunk, type Chunk, type Compression } from './column-chunk.ts'

/** A group ends at whichever comes first; both depend on nothing but the rows. */
export interface GroupLimits {
  readonly rows: number
  /** Of values, before compression. */
  readonly bytes: number
}
const usualLimits: GroupLimits = { rows: 65_536, bytes: 16 * 1024 * 1024 }

export interface KeptRows {
  readonly rows: number
  readonly columns: readonly KeptColumn[]
}

/** The rows that are not in a file yet: columns that fill up, and are encoded together. */
export class RowGroup {
  readonly #columns: readonly Column[]
  readonly #limits: GroupLimits
  /** It is gone through for every cell of millions of rows, so what can be looked up once is. */
  readonly #wanted
  readonly #buffers: readonly ColumnBuffer[]
  #kept: readonly { readonly rows: number; readonly bytes: number }[]
  rows = 0
  #bytes = 0

  constructor(columns: readonly Column[], limits = usualLimits) {
    this.#columns = columns
    this.#limits = limits
    this.#wanted = columns.map(({ name, kind }) => ({
      ...{ name, cellOf: kinds[kind].cellOf, words: kinds[kind].words },
      buffer: new ColumnBuffer(kinds[kind].physical),
    }))
    this.#buffers = this.#wanted.map(({ buffer }) => buffer)
    this.#kept = this.#buffers.map(({ mark }) => mark)
  }

  get isFull(): boolean {
    return this.rows >= this.#limits.rows || this.#bytes >= this.#limits.bytes
  }

  /** One row whole, or a TypeError that names the place, and the group is as before. */
  add(row: TableRow, at: () => string): void {
    let bytes = 0
    let pushed = 0
    for (const { name, cellOf, words, buffer } of this.#wanted) {
      const value = row[name]
      const cell = value === null || value === undefined ? null : cellOf(value)
      if (cell === undefined) {
        for (const before of this.#buffers.slice(0, pushed)) before.undo()
        throw new TypeError(`${at()}: ${name} must be ${words}, got ${describe(value)}`)
      }
      bytes += buffer.push(cell)
      pushed++
    }
    this.#bytes += bytes
    this.rows++
  }

  /** The rows that no earlier call has answered, if there are any. They do not change when rows are added. */
  takeNew(): KeptRows | undefined {
    const columns = this.#buffers.map((buffer, at) =>
      buffer.since(this.#kept[at] ?? { rows: 0, bytes: 0 }),
    )
    this.#kept = this.#buffers.map(({ mark }) => mark)
    const rows = columns[0]?.levels.length ?? 0
    return rows > 0 ? { rows, columns } : undefined
  }

  /** Takes back what `takeNew` of an earlier attempt answered. */
  restore({ rows, columns }: KeptRows): void {
    columns.forEach((column, at) => {
      this.#buffers[at]?.append(column)
      this.#bytes += column.values.length
    })
    this.rows += rows
    this.#kept = this.#buffers.map(({ mark }) => mark)
  }

  /** Compression runs beside the event loop, a thread for each of several columns. */
  encode(compression: Compression): Promise<readonly Chunk[]> {
    return Promise.all(
      this.#columns.map((column, at) => {
        const buffer = this.#buffers[at]
        if (!buffer) throw new RangeError(`no buffer for ${column.name}`)
        return encodeChunk(column, buffer.content, compression)
      }),
    )
  }
}

const describe = (value: unknown): string =>
  typeof value === 'number' || typeof value === 'bigint' ? String(value) : typeof value
