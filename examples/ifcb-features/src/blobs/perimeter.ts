/** Length of the outline through a pixel by what its eight neighbours are (Benkrid & Crookes 2000), by code. */
const weights = new Float64Array(50)
for (const code of [5, 7, 15, 17, 25, 27]) weights[code] = 1
for (const code of [21, 33]) weights[code] = Math.SQRT2
for (const code of [13, 23]) weights[code] = (1 + Math.SQRT2) / 2

/** Perimeter in pixels of an outline (0 or 1, row-major). Code: 1 + 2 for each 4-neighbour + 10 for each diagonal one. */
export function perimeterOf(outline: Uint8Array, width: number, height: number): number {
  let perimeter = 0
  const row = width + 2
  // Framed by clear pixels, so that all have eight neighbours.
  const framed = new Uint8Array(row * (height + 2))
  for (let y = 0; y < height; y++)
    framed.set(outline.subarray(y * width, (y + 1) * width), (y + 1) * row + 1)
  for (let at = row; at < framed.length - row; at++) {
    if (framed[at] === 0) continue
    const beside = framed[at - 1]! + framed[at + 1]! + framed[at - row]! + framed[at + row]!
    const across =
      framed[at - row - 1]! + framed[at - row + 1]! + framed[at + row - 1]! + framed[at + row + 1]!
    perimeter += weights[1 + 2 * beside + 10 * across]!
  }
  return perimeter
}
