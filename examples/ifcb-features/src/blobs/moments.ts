import type { Blob } from './blob.ts'

/** What an ellipse with the blob's second moments is like. */
export interface Moments {
  /** Pixels; four standard deviations. */
  readonly majorAxis: number
  /** 0 for a straight line. */
  readonly minorAxis: number
  readonly eccentricity: number
  /** Degrees, above -90 up to 90; counter-clockwise with y upwards. */
  readonly orientation: number
}

/**
 * From the sample covariance of the pixels' coordinates: divided by n - 1, and without the 1/12 for the pixel's own extent
 * that others add. Means first, then sums row by row: whether a symmetric blob stands at +90° or just above -90° hangs on it.
 */
export function momentsOf({ mask, width, height, area }: Blob): Moments {
  let sumX = 0
  let sumY = 0
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at++)
      if (mask[at] === 1) {
        sumX += x
        sumY += y
      }
  const meanX = sumX / area
  const meanY = sumY / area
  let mu20 = 0
  let mu02 = 0
  let mu11 = 0
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at++)
      if (mask[at] === 1) {
        const dx = x - meanX
        const dy = y - meanY
        mu20 += dx * dx
        mu02 += dy * dy
        mu11 += dx * dy
      }
  const middle = (mu20 + mu02) / 2
  const apart = Math.sqrt(((mu20 - mu02) / 2) ** 2 + mu11 * mu11)
  const axis = (moment: number) => 4 * Math.sqrt(Math.max(0, moment / (area - 1)))
  const majorAxis = axis(middle + apart)
  const minorAxis = axis(middle - apart)
  const degrees = (-0.5 * Math.atan2(2 * mu11, mu20 - mu02) * 180) / Math.PI
  return {
    majorAxis,
    minorAxis,
    eccentricity: Math.sqrt(Math.max(0, 1 - (minorAxis / majorAxis) ** 2)),
    orientation: degrees <= -90 ? degrees + 180 : degrees,
  }
}
