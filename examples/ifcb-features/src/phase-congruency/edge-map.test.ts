import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { simdKernels } from '../kernels/simd-kernels.ts'
import { typescriptKernels } from '../kernels/typescript-kernels.ts'
import { edgeMap } from './edge-map.ts'
import { frequencies } from './filters.ts'
import { literalEdgeMap } from './literal-edge-map.fixture.ts'
import { createWorkspace } from './workspace.ts'

const simd = createWorkspace(simdKernels()!)
const typescript = createWorkspace(typescriptKernels())
const edgesOf = (pixels: Uint8Array, width: number, height: number) =>
  edgeMap(simd, pixels, width, height).slice()

/** A dark disc on a noisy ground. */
function disc(width: number, height: number, seed = 1): Uint8Array {
  let state = seed
  return Uint8Array.from({ length: width * height }, (_, i) => {
    state = (state * 48_271) % 2_147_483_647
    const from = Math.hypot((i % width) - width / 3, Math.floor(i / width) - height / 2)
    return 190 + (state % 23) - (from < Math.min(width, height) / 4 ? 90 : 0)
  })
}

/** The largest difference; infinite where one has no value and the other has. */
const largest = (a: Float64Array, b: Float64Array) =>
  a.reduce((most, value, i) => {
    if (Number.isNaN(value) !== Number.isNaN(b[i]!)) return Infinity
    return Number.isNaN(value) ? most : Math.max(most, Math.abs(value - b[i]!))
  }, 0)

describe('edgeMap', () => {
  // Even and odd, primes, one with a prime beyond the radices, and the smallest there is.
  it.each([
    [24, 18],
    [25, 21],
    [24, 25],
    [23, 32],
    [71, 12],
    [9, 134],
    [2, 2],
    [2, 30],
    [3, 5],
  ])('agrees with its definition on %d by %d pixels, with SIMD and without', (width, height) => {
    const pixels = disc(width, height)
    const edges = edgesOf(pixels, width, height)
    expect(largest(edges, literalEdgeMap(pixels, width, height))).toBeLessThan(1e-11)
    const other = edgeMap(typescript, pixels, width, height)
    expect(edges.every((edge, i) => Object.is(edge, other[i]))).toBe(true)
  })

  it('finds an edge around the disc', () => {
    expect(edgesOf(disc(40, 36), 40, 36).some((edge) => edge > 0.3)).toBe(true)
  })

  it.each([0, 1, 128, 255])('finds no edge where all is %d', (grey) => {
    for (const [width, height] of [
      [16, 16],
      [17, 23],
      [67, 12],
    ] as const) {
      const edges = edgesOf(new Uint8Array(width * height).fill(grey), width, height)
      expect(edges.some((edge) => edge > 0.09)).toBe(false)
    }
  })

  it('turns with an image of odd sides, whose frequencies lie evenly about 0', () => {
    const odd = fc.integer({ min: 2, max: 12 }).map((half) => 2 * half + 1)
    fc.assert(
      fc.property(odd, odd, fc.integer({ min: 1, max: 1e6 }), (width, height, seed) => {
        const pixels = disc(width, height, seed)
        const edges = edgesOf(pixels, width, height)
        const half = edgesOf(pixels.toReversed(), width, height)
        expect(largest(half.toReversed(), edges)).toBeLessThan(1e-9)
        const at = (i: number) => (i % height) * width + Math.floor(i / height)
        const transposed = edgesOf(
          pixels.map((_, i) => pixels[at(i)]!),
          height,
          width,
        )
        expect(
          largest(
            transposed,
            edges.map((_, i) => edges[at(i)]!),
          ),
        ).toBeLessThan(1e-9)
      }),
      { numRuns: 20 },
    )
  })
})

describe('frequencies', () => {
  it('begins at zero; an odd length reaches both ends', () => {
    expect([...frequencies(4)]).toEqual([0, 0.25, -0.5, -0.25])
    expect([...frequencies(5)]).toEqual([0, 0.25, 0.5, -0.5, -0.25])
  })
})
