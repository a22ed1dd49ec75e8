import type { Block } from '../kernels/kernels.ts'

/**
 * The discrete Fourier transform of one length, of many columns at once: X[k] = Σ x[j] exp(+2πi jk / n), nothing scaled, in
 * float64. With `re` and `im` exchanged in both blocks it is the one with exponent -2πi.
 */
export interface Transform {
  readonly length: number
  /** Rows that each block must have room for: at least `length`. */
  readonly rows: number
  /** Which of the two blocks the input has to be in; the output is always in `result`. The input is lost. */
  inputOf(result: Block, scratch: Block): Block
  run(result: Block, scratch: Block, lanes: number): void
}
