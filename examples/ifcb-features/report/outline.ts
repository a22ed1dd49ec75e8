/**
 * The outline of a mask as path data of SVG: every edge between a set pixel and one that is not, or that is outside, in units of
 * pixels; edges in a line are one stroke. `mask`: `width * height` bytes, row-major, 0 or not.
 */
export function outlineOf(mask: Uint8Array, width: number, height: number): string {
  const set = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] !== 0
  const strokes: string[] = []
  const { left, top, right, bottom } = boxOf(mask, width)
  for (let y = top; y <= bottom; y++)
    for (const [from, length] of runs(left, right, (x) => set(x, y) !== set(x, y - 1)))
      strokes.push(`M${from} ${y}h${length}`)
  for (let x = left; x <= right; x++)
    for (const [from, length] of runs(top, bottom, (y) => set(x, y) !== set(x - 1, y)))
      strokes.push(`M${x} ${from}v${length}`)
  return strokes.join('')
}

/** Blobs fill little of most images: nothing is looked for outside the box around them. `right` and `bottom` are outside. */
function boxOf(mask: Uint8Array, width: number) {
  let [left, top, right, bottom] = [width, Infinity, 0, -1]
  for (let at = 0; at < mask.length; at++) {
    if (mask[at] === 0) continue
    const x = at % width
    top = Math.min(top, Math.floor(at / width))
    bottom = Math.floor(at / width) + 1
    left = Math.min(left, x)
    right = Math.max(right, x + 1)
  }
  return { left, top, right, bottom }
}

/** Stretches of neighbours for which something holds. */
function* runs(
  start: number,
  end: number,
  holds: (at: number) => boolean,
): Generator<readonly [from: number, length: number]> {
  let from: number | undefined
  for (let at = start; at <= end; at++) {
    const here = at < end && holds(at)
    if (here) from ??= at
    else if (from !== undefined) {
      yield [from, at - from]
      from = undefined
    }
  }
}
