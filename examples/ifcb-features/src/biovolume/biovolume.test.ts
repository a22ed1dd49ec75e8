import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { findBlobs, outlineOf, type Blob } from '../blobs/blob.ts'
import { biovolumeOf } from './biovolume.ts'
import { distanceMapVolume } from './distance-map.ts'
import { squaredDistances } from './distance-transform.ts'
import { nextDown, rotatedProfile, round, type Profile } from './rotate.ts'
import { solidOfRevolution } from './solid-of-revolution.ts'

const f32 = Math.fround
const blobOf = (width: number, height: number, keep: (x: number, y: number) => boolean): Blob =>
  findBlobs(
    Uint8Array.from({ length: width * height }, (_, i) =>
      keep(i % width, Math.floor(i / width)) ? 1 : 0,
    ),
    width,
    height,
  )[0]!
/** A body with four arms. */
const star = (size: number) =>
  blobOf(size, size, (x, y) => {
    const [u, v] = [Math.abs(x - size / 2), Math.abs(y - size / 2)]
    return Math.min(u, v) < size / 14 || u + v < size / 5
  })

type Point = readonly [number, number, number]
const minus = (a: Point, b: Point): Point => [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
const cross = (a: Point, b: Point): Point => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
]

/** Surface and volume by the points on the rims and their vector products, one by one. */
function literalSolid({ count, top }: Profile) {
  const n = count.length
  const r = count.map((q) => q / 2)
  const c = top.map((y, i) => y + r[i]!)
  if (n >= 2) {
    c[0] = c[1]!
    c[n - 1] = c[n - 2]!
  }
  const x = count.map((_, i) => i + 1)
  x[0]! -= 0.5
  x[n - 1]! += 0.5
  const at = (i: number, j: number): Point => {
    const angle = (j * 0.25 * Math.PI) / 180
    return [x[i]!, c[i]! + Math.cos(angle) * r[i]!, Math.sin(angle) * r[i]!]
  }
  let surface = Math.PI * (r[0]! ** 2 + r[n - 1]! ** 2)
  for (let i = 0; i + 1 < n; i++)
    for (let j = 0; j < 720; j++) {
      const ad = minus(at(i, j), at(i + 1, j + 1))
      surface += Math.hypot(...cross(minus(at(i, j), at(i + 1, j)), ad))
      surface += Math.hypot(...cross(minus(at(i, j + 1), at(i + 1, j + 1)), ad))
    }
  return surface
}

describe('solidOfRevolution', () => {
  it('agrees with the triangles of its definition', () => {
    const profile = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 9 })),
      {
        minLength: 1,
        maxLength: 6,
      },
    )
    fc.assert(
      fc.property(profile, (columns) => {
        const shape = { count: columns.map(([q]) => q), top: columns.map(([, y]) => y) }
        const expected = literalSolid(shape)
        expect(Math.abs(solidOfRevolution(shape).surface / expected - 1)).toBeLessThan(1e-11)
      }),
      { numRuns: 25 },
    )
  })

  it('gives a cylinder its volume', () => {
    const shape = { count: Array<number>(20).fill(8), top: Array<number>(20).fill(3) }
    const { volume, representativeWidth } = solidOfRevolution(shape)
    expect(volume).toBeCloseTo(Math.PI * 16 * 20, 9) // half a pixel is added at either end
    expect(representativeWidth).toBe(8)
  })

  it('gives the same bit for bit whatever was turned before', async () => {
    const lean = { count: [8, 9, 7, 8, 6, 9], top: [1, 2, 4, 5, 8, 9] }
    const back = { ...lean, top: lean.count.map((q, i) => 30 - lean.top[i]! - q) }
    vi.resetModules()
    const fresh = await import('./solid-of-revolution.ts')
    const first = fresh.solidOfRevolution(lean)
    vi.resetModules()
    const other = await import('./solid-of-revolution.ts')
    other.solidOfRevolution(back)
    expect(other.solidOfRevolution(lean)).toEqual(first)
  })

  it('gives a single column its end caps alone', () => {
    const { volume, surface } = solidOfRevolution({ count: [10], top: [1] })
    expect(volume).toBe(0)
    expect(surface).toBeCloseTo(2 * Math.PI * 25, 12)
  })
})

describe('rotatedProfile', () => {
  const wedge = blobOf(15, 8, (x, y) => y <= x / 2)

  it('leaves a lying blob as it is: columns as they are counted', () => {
    const { count } = rotatedProfile(wedge, 0)
    expect(count).toEqual(Array.from({ length: 15 }, (_, x) => Math.min(8, Math.floor(x / 2) + 1)))
  })

  it('lays an upright one flat', () => {
    const upright = blobOf(5, 17, () => true)
    expect(rotatedProfile(upright, 90).count).toEqual(Array<number>(17).fill(5))
  })

  it('keeps about as many pixels at every angle, ties of 45° included', () => {
    for (let angle = -89; angle <= 90; angle += 1) {
      const pixels = rotatedProfile(wedge, angle).count.reduce((sum, q) => sum + q, 0)
      expect(Math.abs(pixels - wedge.area)).toBeLessThanOrEqual(8)
    }
  })

  it('rounds half away from zero', () => {
    expect([0.5, 1.5, 2.5, -0.5, -2.5, 0.49999999999999994, 2.4999999999999996].map(round)).toEqual(
      [1, 2, 3, -1, -3, 0, 2],
    )
  })

  it('steps down by one ulp on either side of zero', () => {
    expect(nextDown(1)).toBe(1 - 2 ** -53)
    expect(nextDown(0.5)).toBe(0.5 - 2 ** -54)
    expect(nextDown(-1)).toBe(-1 - 2 ** -52)
    expect(nextDown(0)).toBe(-Number.MIN_VALUE)
  })
})

describe('squaredDistances', () => {
  it('are exact', () => {
    const picture = fc
      .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
      .chain(([width, height]) =>
        fc.tuple(
          fc.constant(width),
          fc.constant(height),
          fc.uniqueArray(fc.nat(width * height - 1), { minLength: 1, maxLength: 6 }),
        ),
      )
    fc.assert(
      fc.property(picture, ([width, height, places]) => {
        const set = new Uint8Array(width * height)
        for (const at of places) set[at] = 1
        const expected = Array.from(set, (_, i) =>
          Math.min(
            ...places.map(
              (at) =>
                ((i % width) - (at % width)) ** 2 +
                (Math.floor(i / width) - Math.floor(at / width)) ** 2,
            ),
          ),
        )
        expect([...squaredDistances(set, width, height)]).toEqual(expected)
      }),
    )
  })
})

describe('distanceMapVolume', () => {
  /** In float64, and surfaces by vector products. */
  function inDoubles(blob: Blob) {
    const { mask, width, height } = blob
    const squared = squaredDistances(outlineOf(blob), width, height)
    const z = Array.from(mask, (set, i) => (set === 1 ? Math.sqrt(squared[i]!) + 1 : 0))
    const sum = z.reduce((a, b) => a + b, 0)
    const x = (4 * sum) / blob.area - 2
    let area = 0
    for (let i = 0; i + 1 < height; i++)
      for (let j = 0; j + 1 < width; j++) {
        const at = (y: number, x: number): Point => [x + 1, y + 1, z[y * width + x]!]
        const ab = minus(at(i, j), at(i + 1, j))
        const ad = minus(at(i, j), at(i + 1, j + 1))
        const cd = minus(at(i, j + 1), at(i + 1, j + 1))
        if (Math.abs(ab[2]) + Math.abs(ad[2]) + Math.abs(cd[2]) + z[i * width + j]! === 0) continue
        area += Math.hypot(...cross(ab, ad)) / 2 + Math.hypot(...cross(cd, ad)) / 2
      }
    const c = (Math.PI * x) / 2 / ((2 * Math.SQRT2 * x) / 2 + (1 + Math.SQRT2) / 2)
    return {
      volume: (x ** 2 / (x ** 2 + 2 * x + 0.5)) * (Math.PI / 2) * 2 * sum,
      surface: 2 * c * area,
    }
  }

  it('is the volume of its definition, to the precision of float32', () => {
    const seen = distanceMapVolume(star(30), outlineOf(star(30)))
    const expected = inDoubles(star(30))
    expect(Math.abs(seen.volume / expected.volume - 1)).toBeLessThan(1e-5)
    expect(Math.abs(seen.surface / expected.surface - 1)).toBeLessThan(1e-5)
    for (const value of Object.values(seen)) expect(f32(value as number)).toBe(value)
  })

  it('sums in float32 down the columns: on a large blob doubles are another number', () => {
    const blob = star(300)
    const outline = outlineOf(blob)
    const squared = squaredDistances(outline, blob.width, blob.height)
    let sum = 0
    for (let x = 0; x < blob.width; x++)
      for (let y = 0; y < blob.height; y++) {
        const at = y * blob.width + x
        if (blob.mask[at] === 1) sum = f32(sum + f32(Math.sqrt(squared[at]!) + 1))
      }
    const mean = f32(sum / f32(blob.area))
    const { volume, representativeWidth } = distanceMapVolume(blob, outline)
    expect(representativeWidth).toBe(f32(f32(4 * mean) - 2))
    expect(volume).not.toBe(f32(inDoubles(blob).volume))
  })
})

describe('biovolumeOf', () => {
  const blob = star(60)
  const outline = outlineOf(blob)
  const shape = { eccentricity: 0.9, diameter: 10, majorAxis: 10, orientation: 0 }
  const turned = solidOfRevolution(rotatedProfile(blob, 0)).volume
  const mapped = distanceMapVolume(blob, outline).volume

  it.each([
    ['convex area below 1.2 of the area', { ...shape, convexArea: 1.2 * blob.area - 1e-6 }, true],
    ['exactly 1.2', { ...shape, convexArea: 1.2 * blob.area }, false],
    ['round', { ...shape, convexArea: 1e9, eccentricity: 0.79 }, true],
    ['eccentricity exactly 0.8', { ...shape, convexArea: 1e9, eccentricity: 0.8 }, false],
    ['axes of exactly 0.8', { ...shape, convexArea: 1e9, eccentricity: 0, diameter: 8 }, false],
  ] as const)('chooses the method: %s', (_, chosen, compact) => {
    expect(biovolumeOf(blob, outline, chosen).volume).toBe(compact ? turned : mapped)
  })
})
