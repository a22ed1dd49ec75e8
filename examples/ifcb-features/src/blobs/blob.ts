import { areasOf, findComponents } from '../segmentation/components.ts'

/** One blob, cut out along its bounding box. */
export interface Blob {
  /** Pixels. */
  readonly area: number
  /** Of the bounding box in the image. */
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  /** `width * height`, row-major: 1 for pixels of this blob, 0 for all others. */
  readonly mask: Uint8Array
}

/** The 8-connected components of a mask: by area descending, then left, then top, then raster order of the first pixel. */
export function findBlobs(mask: Uint8Array, width: number, height: number): Blob[] {
  const runs = findComponents(mask, width, height, 1, 1)
  const areas = areasOf(runs)
  const boxes = Array.from(areas, (area) => ({
    area,
    left: width,
    top: height,
    right: 0,
    bottom: 0,
  }))
  for (let run = 0; run < runs.count; run++) {
    const box = boxes[runs.component[run]!]!
    box.left = Math.min(box.left, runs.first[run]!)
    box.right = Math.max(box.right, runs.end[run]!)
    box.top = Math.min(box.top, runs.y[run]!)
    box.bottom = Math.max(box.bottom, runs.y[run]! + 1)
  }
  const blobs = boxes.map(({ area, left, top, right, bottom }): Blob => {
    const size = { width: right - left, height: bottom - top }
    return { area, left, top, ...size, mask: new Uint8Array(size.width * size.height) }
  })
  for (let run = 0; run < runs.count; run++) {
    const { mask, left, top, width } = blobs[runs.component[run]!]!
    const row = (runs.y[run]! - top) * width - left
    mask.fill(1, row + runs.first[run]!, row + runs.end[run]!)
  }
  // Components come in raster order and the sort is stable.
  return blobs.sort((a, b) => b.area - a.area || a.left - b.left || a.top - b.top)
}

/** Pixels of the blob with at least one 4-neighbour outside of it: 0 or 1, in the layout of its mask. */
export function outlineOf({ mask, width, height }: Blob): Uint8Array {
  const outline = new Uint8Array(mask.length)
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at++)
      if (
        mask[at] === 1 &&
        (x === 0 ||
          x === width - 1 ||
          y === 0 ||
          y === height - 1 ||
          mask[at - 1] === 0 ||
          mask[at + 1] === 0 ||
          mask[at - width] === 0 ||
          mask[at + width] === 0)
      )
        outline[at] = 1
  return outline
}
