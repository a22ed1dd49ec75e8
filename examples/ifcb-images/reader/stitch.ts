import type { Target } from './adc.ts'
import { maxPixels, UnreadableRoi, type GreyImage } from './roi.ts'

/** A rectangle of the camera's frame, in pixels. */
export type Rectangle = Pick<Target, 'x' | 'y' | 'width' | 'height'>

/** What a bin's output holds: one target, or two that are one picture. Reported under the number of `target`. */
export interface PlannedRoi {
  readonly target: Target
  /** Pasted over `target`. */
  readonly second?: Target
}

/**
 * The old instruments cut one particle into overlapping images; their neighbours in the file belong together (I style only).
 *
 * In a chain a, b, c the pairs are (a, b) and (b, c): only a + b comes out, and b and c are gone. That loses c's pixels, and
 * it is what the archives' ROI numbers and features rest on, so it stays (WHOIGit/ifcb-features v1.3.0).
 */
export function planStitching(targets: readonly Target[]): PlannedRoi[] {
  const planned: PlannedRoi[] = []
  let consumed = false
  for (const [index, target] of targets.entries()) {
    const next = targets[index + 1]
    const paired = next !== undefined && isStitchPair(target, next)
    if (!consumed) planned.push(paired ? { target, second: next } : { target })
    consumed = paired
  }
  return planned
}

/** Same trigger, and more than 2 pixels of overlap both ways. */
function isStitchPair(a: Target, b: Target): boolean {
  return (
    a.trigger === b.trigger &&
    a.x < b.x + b.width - 2 &&
    a.x + a.width > b.x + 2 &&
    a.y < b.y + b.height - 2 &&
    a.y + a.height > b.y + 2
  )
}

/** The smallest rectangle that holds both. */
export function unionOf(a: Rectangle, b: Rectangle): Rectangle {
  const x = Math.min(a.x, b.x)
  const y = Math.min(a.y, b.y)
  const width = Math.max(a.x + a.width, b.x + b.width) - x
  const height = Math.max(a.y + a.height, b.y + b.height) - y
  return { x, y, width, height }
}

/**
 * Pastes two images into the rectangle that holds both; where they overlap the second wins. Corners that neither covers get
 * one grey: the mean of the covered pixels that touch them, so that no artificial edge appears.
 */
export function stitch(
  first: Rectangle,
  firstImage: GreyImage,
  second: Rectangle,
  secondImage: GreyImage,
): GreyImage {
  const { x, y, width, height } = unionOf(first, second)
  if (width * height > maxPixels)
    throw new UnreadableRoi('too-large', `stitched it would be ${width}x${height}`)
  const pixels = new Uint8Array(width * height)
  const covered = new Uint8Array(width * height)
  const paste = (rectangle: Rectangle, image: GreyImage) => {
    for (let row = 0; row < image.height; row++) {
      const to = (rectangle.y - y + row) * width + rectangle.x - x
      pixels.set(image.pixels.subarray(row * image.width, (row + 1) * image.width), to)
      covered.fill(1, to, to + image.width)
    }
  }
  paste(first, firstImage)
  paste(second, secondImage)

  const grey = meanBesideGaps(pixels, covered, width)
  if (grey !== undefined)
    for (let i = 0; i < pixels.length; i++) if (covered[i] === 0) pixels[i] = grey
  return { width, height, pixels }
}

/** Mean of the covered pixels with a 4-neighbour in a gap, each counted once; undefined when there is no gap. */
function meanBesideGaps(
  pixels: Uint8Array,
  covered: Uint8Array,
  width: number,
): number | undefined {
  let sum = 0
  let count = 0
  for (let i = 0; i < pixels.length; i++) {
    if (covered[i] === 0) continue
    const column = i % width
    const besideGap =
      (column > 0 && covered[i - 1] === 0) ||
      (column < width - 1 && covered[i + 1] === 0) ||
      covered[i - width] === 0 || // outside the canvas reads undefined, which is no gap
      covered[i + width] === 0
    if (!besideGap) continue
    sum += pixels[i]!
    count += 1
  }
  return count === 0 ? undefined : roundHalfToEven(sum, count)
}

/** `sum / count` in whole numbers only: a quotient in floating point could hide an exact half. */
export function roundHalfToEven(sum: number, count: number): number {
  const whole = Math.floor(sum / count)
  const twice = 2 * (sum - whole * count)
  const up = twice > count || (twice === count && whole % 2 === 1)
  return up ? whole + 1 : whole
}
