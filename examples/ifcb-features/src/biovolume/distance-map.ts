import type { Blob } from '../blobs/blob.ts'
import type { Biovolume } from './measures.ts'
import { squaredDistances } from './distance-transform.ts'

const f32 = Math.fround

/**
 * Volume of a blob that is as thick as its pixels are far from its outline (Moberg & Sosik 2012). All of it in float32, sums
 * one after the other down the columns, as MATLAB's single does: on a large blob a float64 sum differs by more than 1e-5.
 */
export function distanceMapVolume(
  { mask, width, height, area }: Blob,
  outline: Uint8Array,
): Biovolume {
  const squared = squaredDistances(outline, width, height)
  const depth = new Float32Array(mask.length) // 0 outside
  let sum = 0
  for (let x = 0; x < width; x++)
    for (let y = 0, at = x; y < height; y++, at += width)
      if (mask[at] === 1) {
        depth[at] = Math.sqrt(squared[at]!) + 1
        sum = f32(sum + depth[at]!)
      }
  const mean = f32(sum / f32(area))
  const width4 = f32(4 * mean - 2)
  const square = f32(width4 * width4)
  const c1 = f32(square / f32(f32(square + 2 * width4) + 0.5))
  return {
    volume: f32(f32(f32(c1 * f32(Math.PI / 2)) * 2) * sum),
    surface: surfaceOf(depth, width, height, width4),
    representativeWidth: width4,
  }
}

/** Twice the surface over the depths, as triangles between neighbouring pixels, made round by a factor of the mean width. */
function surfaceOf(depth: Float32Array, width: number, height: number, meanWidth: number): number {
  let bottom = 0
  let top = 0
  for (let x = 0; x + 1 < width; x++)
    for (let y = 0, at = x; y + 1 < height; y++, at += width) {
      const here = depth[at]!
      const below = depth[at + width]!
      const right = depth[at + 1]!
      const across = depth[at + width + 1]!
      const ab = f32(here - below)
      const ad = f32(here - across)
      const cd = f32(right - across)
      // Nothing here and nothing around: no surface. A sum of sizes is 0 only when all are.
      if (here === 0 && ab === 0 && ad === 0 && cd === 0) continue
      bottom = f32(bottom + triangle(f32(ab - ad), ab))
      top = f32(top + triangle(f32(cd - ad), cd))
    }
  const c = f32(
    f32(f32(f32(Math.PI) * meanWidth) / 2) /
      f32(f32(f32(f32(2 * Math.SQRT2) * meanWidth) / 2) + f32((1 + Math.SQRT2) / 2)),
  )
  return f32(f32(2 * c) * f32(bottom + top))
}

/** Half the length of a vector product whose third component is ±1. */
const triangle = (a: number, b: number): number =>
  f32(f32(Math.sqrt(f32(f32(f32(a * a) + f32(b * b)) + 1))) / 2)
