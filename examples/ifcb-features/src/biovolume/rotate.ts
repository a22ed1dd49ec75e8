import type { Blob } from '../blobs/blob.ts'

/** Of each column of a rotated blob that has pixels: how many, and the 1-based row of the first. */
export interface Profile {
  readonly count: readonly number[]
  readonly top: readonly number[]
}

/**
 * Lays a blob flat: turns it by minus its orientation (degrees) about its centre of mass, on a square that holds it, each
 * pixel taking the nearest one of the original. As MATLAB's imrotate does it, down to the last bit of where ties fall.
 */
export function rotatedProfile(blob: Blob, orientation: number): Profile {
  const { side, offsetX, offsetY } = centred(blob)
  const angle = (-orientation * Math.PI) / 180
  const c = Math.cos(angle)
  const s = Math.sin(angle)
  const corners = [0.5, side + 0.5].flatMap((x) =>
    [0.5, side + 0.5].map((y) => ({ x: x * c + y * s, y: -x * s + y * c })),
  )
  const originX = origin(
    corners.map(({ x }) => x),
    side,
  )
  const originY = origin(
    corners.map(({ y }) => y),
    side,
  )

  const count: number[] = []
  const top: number[] = []
  for (let column = 0; column < side; column++) {
    const x = originX + (column + 0.5)
    const [xc, xs] = [x * c, x * s]
    let pixels = 0
    let first = 0
    for (let row = 0; row < side; row++) {
      const y = originY + (row + 0.5)
      const fromX = round(xc - y * s) - 1 - offsetX
      const fromY = round(xs + y * c) - 1 - offsetY
      if (fromX < 0 || fromX >= blob.width || fromY < 0 || fromY >= blob.height) continue
      if (blob.mask[fromY * blob.width + fromX] === 0) continue
      if (pixels === 0) first = row + 1
      pixels += 1
    }
    if (pixels === 0) continue
    count.push(pixels)
    top.push(first)
  }
  return { count, top }
}

/** The square around the centre of mass that holds the blob, and where the blob's bounding box begins in it. */
function centred({ mask, width, height, area }: Blob) {
  let sumX = 0
  let sumY = 0
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at++)
      if (mask[at] === 1) {
        sumX += x
        sumY += y
      }
  const reach = Math.max(sumY, height * area - sumY, sumX, width * area - sumX)
  return {
    side: Math.ceil((2 * reach) / area),
    offsetX: Math.floor((reach - sumX) / area),
    offsetY: Math.floor((reach - sumY) / area),
  }
}

/** Where the rotated picture begins, cropped to the size it had. The two ulps are the original's rounding; ties hang on them. */
function origin(corners: readonly number[], side: number): number {
  const middle = (Math.min(...corners) + Math.max(...corners)) / 2
  return nextDown(nextDown(0.5 + (middle - (side + 1) / 2)))
}

const float = new Float64Array(1)
const bits = new BigInt64Array(float.buffer)

/** The largest float64 below a finite one. */
export function nextDown(value: number): number {
  float[0] = value
  if (value === 0) return -Number.MIN_VALUE
  bits[0]! += value > 0 ? -1n : 1n
  return float[0]
}

/** Half away from zero. `floor(value + 0.5)` would round 0.49999999999999994 up. */
export function round(value: number): number {
  const size = Math.abs(value)
  const whole = Math.floor(size)
  const rounded = size - whole >= 0.5 ? whole + 1 : whole
  return value < 0 ? -rounded : rounded
}
