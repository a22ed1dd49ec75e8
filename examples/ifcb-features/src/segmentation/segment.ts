import { clearMargin, dilateCross, erodeCross, packBits, unpackBits } from './bit-image.ts'
import { areasOf, fillHoles, findComponents } from './components.ts'
import { darkPixels } from './dark-pixels.ts'
import { hysteresis, trimBorder } from './hysteresis.ts'
import { thin } from './thin.ts'

/** Pixels; what is smaller is no blob. */
export const smallestBlob = 41
const thinnings = 3
/** Reach of the closing. */
const margin = 2

/**
 * The blobs of an image, 0 or 1 per pixel, row-major. `edges` is the edge map of phase congruency.
 * Steps and constants as in WHOIGit/ifcb-features v1.3.0.
 */
export function segment(
  edges: Float64Array,
  pixels: Uint8Array,
  width: number,
  height: number,
): Uint8Array<ArrayBuffer> {
  const outline = hysteresis(edges, width, height)
  trimBorder(outline, width, height)
  const mask = new Uint8Array(width * height)
  closeAndThin(outline, mask, width, height)
  const dark = darkPixels(pixels, width, height)
  for (let i = 0; i < mask.length; i++) mask[i]! |= dark[i]!
  fillHoles(mask, width, height)
  const eroded = erode(mask, width, height)
  return dropSmall(eroded, width, height) ? eroded : (dropSmall(mask, width, height), mask)
}

/** Closes gaps with the diamond of radius 2, which is the cross twice, then thins the lines. */
function closeAndThin(outline: Uint8Array, mask: Uint8Array, width: number, height: number): void {
  const wide = dilateCross(dilateCross(packBits(outline, width, height, margin)))
  let lines = erodeCross(erodeCross(wide))
  clearMargin(lines, width, height, margin)
  for (let step = 0; step < thinnings; step++) lines = thin(lines)
  unpackBits(lines, mask, width, height, margin)
}

/** Keeps pixels whose 4 neighbours are set; what lies outside of the image counts as set. */
export function erode(mask: Uint8Array, width: number, height: number): Uint8Array<ArrayBuffer> {
  const to = new Uint8Array(mask.length)
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at++)
      if (
        mask[at] === 1 &&
        (x === 0 || mask[at - 1] === 1) &&
        (x === width - 1 || mask[at + 1] === 1) &&
        (y === 0 || mask[at - width] === 1) &&
        (y === height - 1 || mask[at + width] === 1)
      )
        to[at] = 1
  return to
}

/** Clears 8-connected components that are too small; answers whether any is left. */
export function dropSmall(mask: Uint8Array, width: number, height: number): boolean {
  const runs = findComponents(mask, width, height, 1, 1)
  const areas = areasOf(runs)
  for (let run = 0; run < runs.count; run++)
    if (areas[runs.component[run]!]! < smallestBlob)
      mask.fill(0, runs.y[run]! * width + runs.first[run]!, runs.y[run]! * width + runs.end[run]!)
  return areas.some((area) => area >= smallestBlob)
}
