/**
 * The outline of a mask as path data of SVG: every edge between a set pixel and one that is not, or that is outside, in units of
 * pixels; edges in a line are one stroke. `mask`: `width * height` bytes, row-major, 0 or not.
 */
export function outlineOf(mask: Uint8Array, width: number, height: number): string {
  const set = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] !== 0
  const strokes: string[] = []
  for (let y = 0; y <= height; y++)
    for (const [from, length] of runs(width, (x) => set(x, y) !== set(x, y - 1)))
      strokes.push(`M${from} ${y}h${length}`)
  for (let x = 0; x <= width; x++)
    for (const [from, length] of runs(height, (y) => set(x, y) !== set(x - 1, y)))
      strokes.push(`M${x} ${from}v${length}`)
  return strokes.join('')
}

/** Stretches of neighbours for which something holds. */
function* runs(
  end: number,
  holds: (at: number) => boolean,
): Generator<readonly [from: number, length: number]> {
  let from: number | undefined
  for (let at = 0; at <= end; at++) {
    const here = at < end && holds(at)
    if (here) from ??= at
    else if (from !== undefined) {
      yield [from, at - from]
      from = undefined
    }
  }
}
