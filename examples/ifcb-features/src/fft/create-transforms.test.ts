import { describe, expect, it } from 'vitest'
import type { Block, Kernels } from '../kernels/kernels.ts'
import { simdKernels } from '../kernels/simd-kernels.ts'
import { typescriptKernels } from '../kernels/typescript-kernels.ts'
import { directDft } from './direct-dft.ts'
import { cheapLength, radicesOf } from './factors.ts'
import { createTransforms } from './create-transforms.ts'

const lanes = 4

/** Numbers without any pattern, the same each time. */
function noise(length: number, seed: number): Float64Array {
  let state = seed
  return Float64Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647 - 0.5
  })
}

/** Transforms `lanes` columns of one length; `backwards` with real and imaginary parts exchanged. */
function transformer(kernels: Kernels) {
  const { heap } = kernels
  const transformOf = createTransforms(kernels)
  return (re: Float64Array, im: Float64Array, backwards = false) => {
    const length = re.length / lanes
    const transform = transformOf(length)
    const top = heap.top
    const block = (): Block => {
      const size = transform.rows * lanes
      const [a, b] = [heap.allocate(size), heap.allocate(size)]
      return backwards ? { re: b, im: a } : { re: a, im: b }
    }
    const [result, scratch] = [block(), block()]
    const input = transform.inputOf(result, scratch)
    heap.f64.set(re, backwards ? input.im : input.re)
    heap.f64.set(im, backwards ? input.re : input.im)
    transform.run(result, scratch, lanes)
    heap.top = top
    const part = (at: number) => heap.f64.slice(at, at + length * lanes)
    return backwards
      ? { re: part(result.im), im: part(result.re) }
      : { re: part(result.re), im: part(result.im) }
  }
}

/** The largest difference of one lane from a direct transform, by the largest coefficient. */
function errorOf(
  seen: { re: Float64Array; im: Float64Array },
  lane: number,
  direct: { re: Float64Array; im: Float64Array },
): number {
  let error = 0
  let size = 0
  for (const [row, re] of direct.re.entries()) {
    const im = direct.im[row]!
    const at = row * lanes + lane
    error = Math.max(error, Math.hypot(seen.re[at]! - re, seen.im[at]! - im))
    size = Math.max(size, Math.hypot(re, im))
  }
  return error / size
}

const laneOf = (values: Float64Array, lane: number) => values.filter((_, at) => at % lanes === lane)

describe('the transform', () => {
  const simd = transformer(simdKernels()!)
  const typescript = transformer(typescriptKernels())

  it('agrees with the definition for every length from 1 to 600, with SIMD and without bit for bit the same', () => {
    const far: string[] = []
    const unequal: number[] = []
    for (let n = 1; n <= 600; n++) {
      const [re, im] = [noise(n * lanes, n), noise(n * lanes, n + 7)]
      const seen = simd(re, im)
      const lane = n % lanes
      const error = errorOf(seen, lane, directDft(laneOf(re, lane), laneOf(im, lane), 1))
      if (!(error < 1e-12)) far.push(`${n}: ${error}`)
      const other = typescript(re, im)
      const same = (a: Float64Array, b: Float64Array) =>
        Buffer.compare(new Uint8Array(a.buffer), new Uint8Array(b.buffer)) === 0
      if (!same(seen.re, other.re) || !same(seen.im, other.im)) unequal.push(n)
    }
    expect(far).toEqual([])
    expect(unequal).toEqual([])
  })

  it('goes the other way with real and imaginary parts exchanged', () => {
    for (const n of [2, 45, 96, 104, 137, 263]) {
      const [re, im] = [noise(n * lanes, n), noise(n * lanes, n + 7)]
      for (const transform of [simd, typescript])
        expect(
          errorOf(transform(re, im, true), 3, directDft(laneOf(re, 3), laneOf(im, 3), -1)),
        ).toBeLessThan(1e-12)
    }
  })

  it('gives a longer one back after there and back again, the length times', () => {
    for (const n of [1021, 1380]) {
      const [re, im] = [noise(n * lanes, n), noise(n * lanes, n + 7)]
      const there = simd(re, im)
      const back = simd(there.re, there.im, true)
      const scaled = { re: back.re.map((v) => v / n), im: back.im.map((v) => v / n) }
      expect(errorOf(scaled, 1, { re: laneOf(re, 1), im: laneOf(im, 1) })).toBeLessThan(1e-12)
    }
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
