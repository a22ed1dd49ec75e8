import type { Block, Kernels } from '../kernels/kernels.ts'
import { cheapLength } from './factors.ts'
import { unit } from './passes.ts'
import type { Transform } from './transform.ts'

/**
 * A transform of a length with a large prime factor, as a convolution (Bluestein 1970): with c[j] = exp(πi j² / n),
 * X[k] = c[k] Σ (x[j] c[j]) conj(c[k - j]). The convolution is done by transforms of a length of at least 2n - 1.
 */
export function bluestein(
  kernels: Kernels,
  length: number,
  transformOf: (length: number) => Transform,
): Transform {
  const { heap } = kernels
  const padded = cheapLength(2 * length - 1)
  const inner = transformOf(padded)
  const chirp = heap.allocate(2 * length)
  const response = heap.allocate(2 * padded)
  const f = heap.f64
  for (let j = 0; j < length; j++) {
    const [re, im] = unit((j * j) % (2 * length), 2 * length)
    f[chirp + 2 * j] = re
    f[chirp + 2 * j + 1] = im
  }
  prepareResponse(kernels, inner, length, chirp, response)

  return {
    length,
    rows: padded,
    inputOf: (result) => result,
    run(result, scratch, lanes) {
      kernels.scaleRows(result, result, chirp, length, lanes)
      for (const part of [result.re, result.im])
        heap.f64.fill(0, part + length * lanes, part + padded * lanes)
      const there = inner.inputOf(result, scratch) === result ? result : scratch
      const other = there === result ? scratch : result
      inner.run(there, other, lanes)
      kernels.scaleRows(there, there, response, padded, lanes)
      // Back with the other sign, which ends where it began: in `result`.
      inner.run(swapped(result), swapped(scratch), lanes)
      kernels.scaleRows(result, result, chirp, length, lanes)
    },
  }
}

const swapped = ({ re, im }: Block): Block => ({ re: im, im: re })

/** The transform of conj(c), wrapped around, divided by its length, as pairs. */
function prepareResponse(
  { heap }: Kernels,
  inner: Transform,
  length: number,
  chirp: number,
  response: number,
): void {
  const top = heap.top
  const lanes = 4
  const blockOf = (): Block => ({
    re: heap.allocate(inner.rows * lanes),
    im: heap.allocate(inner.rows * lanes),
  })
  const [result, scratch] = [blockOf(), blockOf()]
  const input = inner.inputOf(result, scratch)
  const f = heap.f64
  f.fill(0, result.re, heap.top)
  for (let j = 0; j < length; j++)
    for (const row of j === 0 ? [0] : [j, inner.length - j]) {
      f[input.re + row * lanes] = f[chirp + 2 * j]! / inner.length
      f[input.im + row * lanes] = -f[chirp + 2 * j + 1]! / inner.length
    }
  inner.run(result, scratch, lanes)
  for (let row = 0; row < inner.length; row++) {
    f[response + 2 * row] = heap.f64[result.re + row * lanes]!
    f[response + 2 * row + 1] = heap.f64[result.im + row * lanes]!
  }
  heap.top = top
}
