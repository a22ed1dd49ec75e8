const low = 0.09
const high = 0.3

/**
 * Pixels above the low threshold that are 8-connected, through such pixels, to one above the high threshold. Strictly above;
 * NaN is above nothing. Answers 0 or 1 per pixel, row-major.
 */
export function hysteresis(edges: Float64Array, width: number, height: number): Uint8Array {
  const mask = new Uint8Array(width * height)
  const stack: number[] = []
  for (let seed = 0; seed < edges.length; seed++) {
    if (!(edges[seed]! > high) || mask[seed] === 1) continue
    mask[seed] = 1
    stack.push(seed)
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const x = at % width
      const top = at < width ? 0 : -width
      const bottom = at >= width * (height - 1) ? 0 : width
      const left = x === 0 ? 0 : -1
      const right = x === width - 1 ? 0 : 1
      for (let dy = top; dy <= bottom; dy += width)
        for (let dx = left; dx <= right; dx++) {
          const to = at + dy + dx
          if (mask[to] === 1 || !(edges[to]! > low)) continue
          mask[to] = 1
          stack.push(to)
        }
    }
  }
  return mask
}

/**
 * Clears border pixels whose inner neighbour is clear: left, right, top, bottom, each seeing what the one before did. The
 * transform takes the image for periodic, so edges appear where its sides do not match.
 */
export function trimBorder(mask: Uint8Array, width: number, height: number): void {
  const last = (height - 1) * width
  for (let y = 0; y < height; y++) if (mask[y * width + 1] === 0) mask[y * width] = 0
  for (let y = 0; y < height; y++)
    if (mask[y * width + width - 2] === 0) mask[y * width + width - 1] = 0
  for (let x = 0; x < width; x++) if (mask[width + x] === 0) mask[x] = 0
  for (let x = 0; x < width; x++) if (mask[last - width + x] === 0) mask[last + x] = 0
}
