import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blobFeatures } from './blob-features.ts'
import { findBlobs, type Blob } from './blob.ts'
import { roiFeatures } from './roi-features.ts'

const box = (width: number, height: number, keep: (x: number, y: number) => boolean = () => true) =>
  findBlobs(
    Uint8Array.from({ length: width * height }, (_, i) =>
      keep(i % width, Math.floor(i / width)) ? 1 : 0,
    ),
    width,
    height,
  )[0]!

/** Ragged blobs without any order, filled. */
const blobs = fc
  .array(fc.tuple(fc.nat(9), fc.integer({ min: 1, max: 12 })), { minLength: 4, maxLength: 14 })
  .map((rows): Blob => {
    const width = 24
    const mask = new Uint8Array(width * rows.length)
    for (const [y, [from, length]] of rows.entries())
      mask.fill(1, y * width + 5 - (from >> 1), y * width + 6 + length)
    return findBlobs(mask, width, rows.length)[0]!
  })

const flipped = (blob: Blob): Blob => ({ ...blob, mask: blob.mask.toReversed() })
const mirrored = (blob: Blob): Blob => ({
  ...blob,
  mask: blob.mask.map((_, i) => {
    const x = i % blob.width
    return blob.mask[i - x + blob.width - 1 - x]!
  }),
})
const transposed = (blob: Blob): Blob => ({
  ...blob,
  width: blob.height,
  height: blob.width,
  mask: blob.mask.map(
    (_, i) => blob.mask[(i % blob.height) * blob.width + Math.floor(i / blob.height)]!,
  ),
})
/** Degrees between two axes, which have no direction. */
const between = (a: number, b: number) => Math.abs(((((a - b) % 180) + 270) % 180) - 90)

describe('blobFeatures', () => {
  it('measures a full rectangle: solidity above 1, axes by n - 1 and without the 1/12', () => {
    const seen = blobFeatures(box(12, 5))
    const variance = (n: number, other: number) =>
      (((n * n - 1) / 12) * n * other) / (n * other - 1)
    expect(seen).toMatchObject({
      Area: 60,
      BoundingBox_xwidth: 12,
      BoundingBox_ywidth: 5,
      ConvexPerimeter: 30,
      ConvexArea: 44 + 15,
      Solidity: 60 / 59,
      Extent: 1,
      Perimeter: 30,
      Orientation: -0,
      maxFeretDiameter: expect.closeTo(Math.hypot(12, 5), 2),
      minFeretDiameter: expect.closeTo(5, 12),
    })
    expect(seen.MajorAxisLength).toBeCloseTo(4 * Math.sqrt(variance(12, 5)), 12)
    expect(seen.MinorAxisLength).toBeCloseTo(4 * Math.sqrt(variance(5, 12)), 12)
    expect(seen.EquivDiameter).toBeCloseTo(Math.sqrt(240 / Math.PI), 12)
  })

  it('lets a symmetric upright blob stand at 90°, never at -90°', () => {
    for (const height of [7, 12, 31, 50]) {
      const { Orientation } = blobFeatures(box(5, height))
      expect(between(Orientation, 90)).toBeLessThan(1e-9)
      expect(Orientation).toBeGreaterThan(-90)
    }
  })

  it.each([
    ['lying', 50, 1, () => true],
    ['upright', 1, 50, () => true],
    ['diagonal', 45, 45, (x: number, y: number) => x === y],
  ] as const)('measures a line of single pixels that has no hull: %s', (_, width, height, keep) => {
    const seen = blobFeatures(box(width, height, keep))
    expect(seen.MinorAxisLength).toBeLessThan(1e-5)
    expect(seen.Eccentricity).toBeGreaterThan(0.9999)
    expect(seen.ConvexArea).toBe(seen.Area)
    expect(seen.ConvexPerimeter).toBe(seen.Perimeter)
    expect(Object.values(seen).every(Number.isFinite)).toBe(true)
  })

  it('has values of all features whatever the blob, and they keep their bounds', () => {
    fc.assert(
      fc.property(blobs, (blob) => {
        const seen = blobFeatures(blob)
        expect(Object.values(seen).every(Number.isFinite)).toBe(true)
        expect(seen.minFeretDiameter).toBeLessThanOrEqual(seen.maxFeretDiameter)
        expect(seen.MinorAxisLength).toBeLessThanOrEqual(seen.MajorAxisLength)
        expect(seen.Extent).toBeLessThanOrEqual(1)
        expect(seen.Orientation).toBeGreaterThan(-90)
        expect(seen.Orientation).toBeLessThanOrEqual(90)
      }),
    )
  })

  it('is the same for a blob that is flipped, mirrored or transposed; its angle turns with it', () => {
    const same = [
      'Area',
      'ConvexArea',
      'ConvexPerimeter',
      'Eccentricity',
      'EquivDiameter',
      'Extent',
      'MajorAxisLength',
      'MinorAxisLength',
      'Perimeter',
      'Solidity',
      'maxFeretDiameter',
      'minFeretDiameter',
    ] as const
    fc.assert(
      fc.property(blobs, (blob) => {
        const seen = blobFeatures(blob)
        const turns = [
          [flipped, (angle: number) => angle],
          [mirrored, (angle: number) => -angle],
          [transposed, (angle: number) => 90 - angle],
        ] as const
        for (const [turn, angleOf] of turns) {
          const other = blobFeatures(turn(blob))
          for (const name of same) {
            const allowed = 1e-9 * (1 + Math.abs(seen[name]))
            expect(Math.abs(other[name] - seen[name]), name).toBeLessThanOrEqual(allowed)
          }
          // Near a circle the angle means little.
          if (seen.Eccentricity > 0.1)
            expect(
              between(
                other.Orientation,
                turn === transposed ? -angleOf(-seen.Orientation) : angleOf(seen.Orientation),
              ),
            ).toBeLessThan(1e-6)
        }
      }),
    )
  })
})

describe('roiFeatures', () => {
  it('is 0 without a blob, but for ratios, which have no value', () => {
    const {
      Area_over_PerimeterSquared,
      Area_over_Perimeter,
      summedConvexPerimeter_over_Perimeter,
      ...rest
    } = roiFeatures([])
    expect([
      Area_over_PerimeterSquared,
      Area_over_Perimeter,
      summedConvexPerimeter_over_Perimeter,
    ]).toEqual([NaN, NaN, NaN])
    expect(new Set(Object.values(rest))).toEqual(new Set([0]))
    expect(Object.keys(rest)).toHaveLength(27)
  })

  it('sums over all blobs and takes the rest from the first', () => {
    const [large, small] = [blobFeatures(box(12, 5)), blobFeatures(box(7, 6))]
    const seen = roiFeatures([large, small])
    expect(seen).toMatchObject({ ...large, numBlobs: 2, summedArea: 102 })
    expect(seen.summedPerimeter).toBe(large.Perimeter + small.Perimeter)
    expect(seen.Area_over_Perimeter).toBe(60 / large.Perimeter)
  })
})
