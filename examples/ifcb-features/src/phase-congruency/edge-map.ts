import { frequencies, gainsAt, orientations, scales, wedgeAt } from './filters.ts'
import { medianOf } from './median.ts'
import { createResponses, type Responses } from './responses.ts'
import { spectrumOf, type HalfPlane } from './spectrum.ts'
import type { Workspace } from './workspace.ts'

const noiseDeviations = 2
const cutOff = 0.3
const steepness = 5
const epsilon = 1e-4

/**
 * How much of an edge each pixel is: the sum of both moments of phase congruency over six orientations (Kovesi 2003, DICTA),
 * which is Σ PC² / 3. Float64, row-major, 0 upwards; NaN where an orientation has no response at all. It lies in the
 * workspace's memory and is gone with the next image.
 */
export function edgeMap(
  space: Workspace,
  pixels: Uint8Array,
  width: number,
  height: number,
): Float64Array {
  space.begin(width, height)
  const { heap } = space
  const sums = { x: heap.allocate(width * height), y: heap.allocate(width * height) }
  const spectrum = spectrumOf(space, pixels, width, height)
  const top = heap.top
  for (const axis of ['x', 'y'] as const) {
    heap.top = top
    addFamily(space, spectrum[axis], axis, sums[axis])
  }
  const f = heap.f64
  for (let y = 0, at = sums.y; y < height; y++)
    for (let x = 0; x < width; x++, at++) f[at]! += f[sums.x + x * height + y]!
  return f.subarray(sums.y, sums.y + width * height)
}

/** The part of one family of orientations; pixel (p, q) of the half plane's axes is at q * rows + p of `edges`. */
function addFamily(space: Workspace, plane: HalfPlane, axis: 'x' | 'y', edges: number): void {
  const { heap } = space
  const gains = gainsOf(space, plane)
  const wedge = heap.allocate(plane.rows * plane.stride)
  const respond = createResponses(space, plane)
  heap.f64.fill(0, edges, edges + plane.rows * plane.length)
  for (const orientation of orientations[axis]) {
    fillWedge(heap.f64, wedge, plane, orientation, axis)
    addCongruency(heap.f64, edges, respond(gains, wedge), plane)
  }
}

/** A table of gains for each scale, in the half plane's layout; they carry the 1 / N of the inverse transform. */
function gainsOf({ heap }: Workspace, { rows, length, half, stride }: HalfPlane): number[] {
  const gains = Array.from({ length: scales }, () => heap.allocate(rows * stride))
  const f = heap.f64
  const [first, second] = [frequencies(rows), frequencies(length)]
  const at = new Float64Array(scales)
  // Frequencies r and rows - r are as far from the origin as each other.
  for (let r = 0; r <= rows / 2; r++)
    for (let c = 0; c < half; c++) {
      gainsAt(first[r]! ** 2 + second[c + 1]! ** 2, 1 / (rows * length), at)
      for (let scale = 0; scale < scales; scale++) {
        f[gains[scale]! + r * stride + c] = at[scale]!
        if (r > 0) f[gains[scale]! + (rows - r) * stride + c] = at[scale]!
      }
    }
  return gains
}

/**
 * Orientations whose wedge lies on the negative side are evaluated at the opposite frequency: their response comes out
 * conjugated. The highest frequency of an even length is its own opposite and counts as negative.
 */
function fillWedge(
  f: Float64Array,
  wedge: number,
  { rows, length, half, stride }: HalfPlane,
  orientation: number,
  axis: 'x' | 'y',
): void {
  const [first, second] = [frequencies(rows), frequencies(length)]
  const opposite = orientation >= 2
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < half; c++) {
      const p = first[opposite ? (rows - r) % rows : r]!
      const q = second[opposite ? length - c - 1 : c + 1]!
      f[wedge + r * stride + c] =
        axis === 'x' ? wedgeAt(q, p, orientation) : wedgeAt(p, q, orientation)
    }
}

/** Adds PC² / 3 of one orientation to each pixel. */
function addCongruency(
  f: Float64Array,
  edges: number,
  { amplitude, energy, sum, maximum, stride }: Responses,
  { rows, length }: HalfPlane,
): void {
  const noise = noiseOf(medianOf({ f64: f, at: amplitude, rows: length, columns: rows, stride }))
  for (let q = 0, to = edges; q < length; q++)
    for (let p = 0, at = q * stride; p < rows; p++, at++, to++) {
      const above = f[energy + at]! - noise
      if (above > 0) {
        const total = f[sum + at]!
        const spread = (total / (f[maximum + at]! + epsilon) - 1) / (scales - 1)
        const weight = 1 / (1 + Math.exp(steepness * (cutOff - spread)))
        const congruency = (weight * above) / total
        f[to]! += (congruency * congruency) / 3
      } else if (f[sum + at] === 0) f[to] = NaN // 0 / 0
    }
}

/** What noise alone would give, from the median amplitude of the finest scale (Rayleigh distributed). */
function noiseOf(median: number): number {
  const tau = median / Math.sqrt(Math.log(4))
  const total = (tau * (1 - (1 / 2.5) ** scales)) / (1 - 1 / 2.5)
  const mean = total * Math.sqrt(Math.PI / 2)
  const deviation = total * Math.sqrt((4 - Math.PI) / 2)
  return Math.max(mean + noiseDeviations * deviation, epsilon)
}
