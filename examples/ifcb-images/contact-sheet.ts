import type { GreyImage } from './reader/index.ts'

/**
 * Lays images side by side on one canvas `width` pixels wide, tallest first, each at its own size. Stops at `maxHeight`, so that
 * the picture of a large bin can still be looked at.
 */
export function contactSheet(
  images: readonly GreyImage[],
  { width = 1600, maxHeight = 2400, gap = 4, paper = 255 } = {},
): GreyImage & { readonly shown: number } {
  const placed: { readonly image: GreyImage; readonly x: number; readonly y: number }[] = []
  let [x, y, shelf] = [gap, gap, 0]
  for (const image of images.toSorted((a, b) => b.height - a.height || b.width - a.width)) {
    if (image.width > width - 2 * gap) continue
    if (x + image.width + gap > width) {
      x = gap
      y += shelf + gap
      shelf = 0
    }
    if (y + image.height + gap > maxHeight) break
    placed.push({ image, x, y })
    x += image.width + gap
    shelf = Math.max(shelf, image.height)
  }
  const height = y + shelf + gap
  const pixels = new Uint8Array(width * height).fill(paper)
  for (const { image, x, y } of placed)
    for (let row = 0; row < image.height; row++)
      pixels.set(
        image.pixels.subarray(row * image.width, (row + 1) * image.width),
        (y + row) * width + x,
      )
  return { width, height, pixels, shown: placed.length }
}
