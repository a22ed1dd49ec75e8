import type { ColumnType } from '@longhaul/protocol'

/** One row of a table: a region of interest. Booleans become text, `null` is an empty cell. */
export interface Row {
  readonly roi_number: number
  readonly [column: string]: number | bigint | string | boolean | null | undefined
}

/** Numbers from 0 to 1, or bytes, row by row. */
export interface GreyImage {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array | Uint8ClampedArray | Float32Array | Float64Array | readonly number[]
}

/** Bytes are kept as they are; an image becomes a PNG. */
export type Artifact = Uint8Array | GreyImage

/** What `processBin` makes of one bin. */
export interface BinOutput {
  readonly table: readonly Row[]
  /** The mask of each row, in the order of the table; `undefined` for a row without one. None at all: leave it out. */
  readonly artifacts?: readonly (Artifact | undefined)[]
}

export type OutputSchema = Readonly<Record<string, ColumnType>>
