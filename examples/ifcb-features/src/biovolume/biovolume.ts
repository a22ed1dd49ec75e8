import type { Blob } from '../blobs/blob.ts'
import { distanceMapVolume } from './distance-map.ts'
import type { Biovolume } from './measures.ts'
import { rotatedProfile } from './rotate.ts'
import { solidOfRevolution } from './solid-of-revolution.ts'

/** What the choice of a method rests on. */
export interface Shape {
  /** Pixels². */
  readonly convexArea: number
  readonly eccentricity: number
  /** Of the circle with the blob's area, in pixels. */
  readonly diameter: number
  /** Pixels. */
  readonly majorAxis: number
  /** Degrees. */
  readonly orientation: number
}

/**
 * The volume of what casts this shadow. A compact blob is turned around its long axis; one with arms and dents is thick where
 * its pixels are far from its outline (Moberg & Sosik 2012, Limnol. Oceanogr. Methods 10:278).
 */
export function biovolumeOf(blob: Blob, outline: Uint8Array, shape: Shape): Biovolume {
  const compact =
    shape.convexArea / blob.area < 1.2 ||
    (shape.eccentricity < 0.8 && shape.diameter / shape.majorAxis > 0.8)
  return compact
    ? solidOfRevolution(rotatedProfile(blob, shape.orientation))
    : distanceMapVolume(blob, outline)
}
