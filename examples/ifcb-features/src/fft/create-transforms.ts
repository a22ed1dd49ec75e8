import type { Kernels } from '../kernels/kernels.ts'
import { bluestein } from './bluestein.ts'
import { largestRadix, radicesOf } from './factors.ts'
import { passesOf } from './passes.ts'
import type { Transform } from './transform.ts'

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
