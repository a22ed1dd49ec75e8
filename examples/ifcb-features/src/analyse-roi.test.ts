import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { analyseRoi, UnanalysableRoi } from './analyse-roi.ts'
import { featureNames } from './feature-names.ts'

/** A dark ellipse with a few spots on a noisy ground. */
function cell(width: number, height: number, seed: number): Uint8Array {
  let state = seed
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
  const [x0, y0] = [width * (0.4 + 0.2 * random()), height * (0.4 + 0.2 * random())]
  const [a, b] = [width * (0.15 + 0.15 * random()), height * (0.15 + 0.15 * random())]
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const from = Math.hypot(((i % width) - x0) / a, (Math.floor(i / width) - y0) / b)
    const shade = from < 1 ? 90 - 30 * from + 25 * Math.sin(i / 7) : 0
    return 200 + 8 * (random() - 0.5) - shade
  })
}

const sizes = fc.tuple(
  fc.constantFrom(2, 3, 16, 29, 40, 67, 72, 82, 137),
  fc.constantFrom(2, 5, 16, 31, 46, 48, 134),
)

describe('analyseRoi', () => {
  it('finds the ellipse', () => {
    const { mask, features, blobs } = analyseRoi(cell(80, 60, 3), 80, 60)
    expect(features.numBlobs).toBe(blobs.length)
    expect(features.Area).toBe(blobs[0]!.Area)
    expect(mask.reduce((sum, set) => sum + set, 0)).toBe(features.summedArea)
    expect(features.Area).toBeGreaterThan(200)
    expect(Object.keys(features)).toEqual([...featureNames])
  })

  it('gives the same with SIMD and without, at any size, and does not change the image', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 1e6 }), ([width, height], seed) => {
        const pixels = cell(width, height, seed)
        const before = pixels.slice()
        const simd = analyseRoi(pixels, width, height)
        expect(analyseRoi(pixels, width, height, { simd: false })).toEqual(simd)
        expect(pixels).toEqual(before)
        // Every kept blob has 41 pixels or more, and nothing else is in the mask.
        expect(simd.blobs.every(({ Area }) => Area >= 41)).toBe(true)
        expect(simd.mask.reduce((sum, set) => sum + set, 0)).toBe(simd.features.summedArea)
      }),
      { numRuns: 25 },
    )
  })

  it('gives the same again after images of other sizes', () => {
    const first = analyseRoi(cell(45, 33, 7), 45, 33)
    analyseRoi(cell(137, 70, 8), 137, 70)
    analyseRoi(cell(300, 200, 9), 300, 200)
    expect(analyseRoi(cell(45, 33, 7), 45, 33)).toEqual(first)
  })

  it.each([0, 1, 127, 128, 255])('finds no blob where all is %d', (grey) => {
    for (const [width, height] of [
      [24, 24],
      [31, 17],
      [2, 2],
      [2, 41],
    ] as const) {
      const { mask, features, blobs } = analyseRoi(
        new Uint8Array(width * height).fill(grey),
        width,
        height,
      )
      expect(blobs).toEqual([])
      expect(mask.some((set) => set !== 0)).toBe(false)
      expect(features).toMatchObject({ numBlobs: 0, Area: 0, Area_over_Perimeter: NaN })
    }
  })

  it('takes checkerboards and stripes without failing', () => {
    for (const pattern of [
      (x: number, y: number) => (x + y) % 2,
      (x: number) => x % 2,
      (_: number, y: number) => (y >> 2) % 2,
    ])
      for (const [width, height] of [
        [32, 24],
        [33, 25],
      ] as const) {
        const pixels = Uint8Array.from(
          { length: width * height },
          (_, i) => 255 * pattern(i % width, Math.floor(i / width)),
        )
        const seen = analyseRoi(pixels, width, height)
        expect(analyseRoi(pixels, width, height, { simd: false })).toEqual(seen)
      }
  })

  it.each([
    [1, 50],
    [50, 1],
    [1, 1],
    [0, 0],
  ])('refuses %d by %d pixels, as the reference does', (width, height) => {
    const analyse = () => analyseRoi(new Uint8Array(width * height), width, height)
    expect(analyse).toThrow(UnanalysableRoi)
    expect(analyse).toThrow(expect.objectContaining({ reason: 'too-small' }))
  })

  it('refuses pixels that are not as many as the sides say', () => {
    expect(() => analyseRoi(new Uint8Array(99), 10, 10)).toThrow('99 pixels are not 10x10')
  })
})
