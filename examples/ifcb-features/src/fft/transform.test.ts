import { describe, expect, it } from 'vitest'
import { typescriptKernels } from '../kernels/typescript-kernels.ts'
import type { Block } from '../kernels/kernels.ts'
import { directDft } from './direct-dft.ts'
import { cheapLength, radicesOf } from './factors.ts'
import { createTransforms } from './transform.ts'

/** Numbers without any pattern, the same each time. */
function noise(length: number, seed: number): Float64Array {
  let state = seed
  return Float64Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647 - 0.5
  })
}

describe('the transform', () => {
  it('agrees with the definition for every length from 1 to 600, in both directions', () => {
    const kernels = typescriptKernels()
    const { heap } = kernels
    const transformOf = createTransforms(kernels)
    const lanes = 2
    const bad: string[] = []
    for (let n = 1; n <= 600; n++) {
      const transform = transformOf(n)
      const top = heap.top
      const block = (): Block => ({
        re: heap.allocate(transform.rows * lanes),
        im: heap.allocate(transform.rows * lanes),
      })
      const [result, scratch] = [block(), block()]
      const input = transform.inputOf(result, scratch)
      // Lane 0 goes forward and lane 1 back: what the second lane has is the first one's, exchanged.
      const [re, im] = [noise(n, n), noise(n, n + 7)]
      for (let row = 0; row < n; row++) {
        heap.f64.set([re[row]!, im[row]!], input.re + row * lanes)
        heap.f64.set([im[row]!, re[row]!], input.im + row * lanes)
      }
      transform.run(result, scratch, lanes)
      const expected = [directDft(re, im, 1), directDft(re, im, -1)]
      for (const [lane, { re, im }] of expected.entries()) {
        let error = 0
        let size = 0
        for (let row = 0; row < n; row++) {
          const seen = [
            heap.f64[result.re + row * lanes + lane]!,
            heap.f64[result.im + row * lanes + lane]!,
          ] as const
          const [r, i] = lane === 0 ? seen : [seen[1], seen[0]]
          error = Math.max(error, Math.hypot(r - re[row]!, i - im[row]!))
          size = Math.max(size, Math.hypot(re[row]!, im[row]!))
        }
        if (!(error / size < 1e-12)) bad.push(`${n}, lane ${lane}: ${error / size}`)
      }
      heap.top = top
    }
    expect(bad).toEqual([])
  })
})

describe('radicesOf', () => {
  it('gives factors whose product is the length', () => {
    for (let n = 1; n <= 600; n++)
      expect(radicesOf(n).reduce((product, radix) => product * radix, 1)).toBe(n)
    expect(radicesOf(96)).toEqual([4, 4, 3, 2])
    expect(radicesOf(274)).toEqual([137, 2])
  })
})

describe('cheapLength', () => {
  it('is no shorter than asked, and of small factors', () => {
    for (const minimum of [1, 133, 273, 525, 1199]) {
      expect(cheapLength(minimum)).toBeGreaterThanOrEqual(minimum)
      expect(Math.max(1, ...radicesOf(cheapLength(minimum)))).toBeLessThanOrEqual(5)
    }
  })
})
