/**
 * Squared distance in pixels of every pixel to the nearest set one, exact (Meijster, Roerdink & Hesselink 2000): along the
 * columns first, then for each row the lower envelope of parabolas. There is at least one set pixel.
 */
export function squaredDistances(set: Uint8Array, width: number, height: number): Int32Array {
  const far = width + height
  const vertical = new Int32Array(width * height)
  for (let x = 0; x < width; x++) {
    let distance = far
    for (let y = 0, at = x; y < height; y++, at += width)
      vertical[at] = distance = set[at] === 1 ? 0 : Math.min(far, distance + 1)
    distance = far
    for (let y = height - 1, at = x + y * width; y >= 0; y--, at -= width) {
      distance = set[at] === 1 ? 0 : distance + 1
      if (distance < vertical[at]!) vertical[at] = distance
      else distance = vertical[at]!
    }
  }

  const squared = new Int32Array(width * height)
  const site = new Int32Array(width)
  const start = new Int32Array(width)
  for (let y = 0; y < height; y++) {
    const row = y * width
    const at = (x: number, from: number) => (x - from) ** 2 + vertical[row + from]! ** 2
    let last = 0
    site[0] = 0
    start[0] = 0
    for (let u = 1; u < width; u++) {
      while (last >= 0 && at(start[last]!, site[last]!) > at(start[last]!, u)) last--
      if (last < 0) {
        last = 0
        site[0] = u
        continue
      }
      const i = site[last]!
      // From here on u is nearer than i.
      const gain = u * u - i * i + vertical[row + u]! ** 2 - vertical[row + i]! ** 2
      const from = 1 + Math.floor(gain / (2 * (u - i)))
      if (from >= width) continue
      last++
      site[last] = u
      start[last] = from
    }
    for (let x = width - 1; x >= 0; x--) {
      squared[row + x] = at(x, site[last]!)
      if (x === start[last]) last--
    }
  }
  return squared
}
