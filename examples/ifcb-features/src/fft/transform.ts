import type { Block, Kernels } from '../kernels/kernels.ts'
import { bluestein } from './bluestein.ts'
import { largestRadix, radicesOf } from './factors.ts'
import { passesOf } from './passes.ts'

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

/** Makes transforms and keeps them: their tables stay on the heap, so ask for them before anything passing. */
export function createTransforms(kernels: Kernels): (length: number) => Transform {
  const known = new Map<number, Transform>()
  const transformOf = (length: number): Transform => {
    const found = known.get(length)
    if (found) return found
    const radices = radicesOf(length)
    const made = radices.some((radix) => radix > largestRadix)
      ? bluestein(kernels, length, transformOf)
      : passesOf(kernels, length, radices)
    known.set(length, made)
    return made
  }
  return transformOf
}
