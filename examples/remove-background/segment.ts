/** Pixels as `sharp` gives them: red, green, blue, alpha, a byte each. */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

const backgroundColours = 3
const rounds = 8
/** A part of the foreground smaller than this share of the largest is dust. */
const dustShare = 0.02

/**
 * How opaque each pixel stays, 0 to 255. What a picture shows rarely fills its border, so the border's colours are the
 * background's: what is unlike all of them, or shut in by what is, is kept.
 */
export function foregroundOf(picture: Picture): Uint8Array {
  const { width, height } = picture
  const lab = labOf(picture)
  const background = clusters(borderOf(width, height), lab)
  const distance = new Float32Array(width * height)
  for (let at = 0; at < distance.length; at++) distance[at] = nearest(lab, at, background)
  const threshold = otsu(distance)
  const kept = shutIn(width, height, (at) => (distance[at] ?? 0) <= threshold)
  withoutDust(width, height, kept)
  return softened(width, height, kept)
}

/** CIE L*a*b*, in which equal distances look equally different. */
function labOf({ data }: Picture): Float32Array {
  const lab = new Float32Array((data.length / 4) * 3)
  const linear = Float32Array.from({ length: 256 }, (_, byte) => {
    const value = byte / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  const curve = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116)
  for (let at = 0, to = 0; at < data.length; at += 4, to += 3) {
    const [r = 0, g = 0, b = 0] = [0, 1, 2].map((n) => linear[data[at + n] ?? 0])
    const x = curve((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505)
    const y = curve(0.2126 * r + 0.7152 * g + 0.0722 * b)
    const z = curve((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089)
    lab[to] = 116 * y - 16
    lab[to + 1] = 500 * (x - y)
    lab[to + 2] = 200 * (y - z)
  }
  return lab
}

function borderOf(width: number, height: number): number[] {
  const border: number[] = []
  for (let x = 0; x < width; x++) border.push(x, (height - 1) * width + x)
  for (let y = 1; y < height - 1; y++) border.push(y * width, (y + 1) * width - 1)
  return border
}

/** The colours that the pixels have, as few as describe them: k-means, begun with what is farthest from all before. */
function clusters(pixels: readonly number[], lab: Float32Array): Float32Array {
  const centres = new Float32Array(backgroundColours * 3)
  const colourOf = (at: number) => lab.subarray(at * 3, at * 3 + 3)
  centres.set(colourOf(pixels[0] ?? 0))
  for (let n = 1; n < backgroundColours; n++) {
    let farthest = { at: pixels[0] ?? 0, distance: -1 }
    for (const at of pixels) {
      const distance = nearest(lab, at, centres.subarray(0, n * 3))
      if (distance > farthest.distance) farthest = { at, distance }
    }
    centres.set(colourOf(farthest.at), n * 3)
  }
  for (let round = 0; round < rounds; round++) {
    const sums = new Float64Array(backgroundColours * 4)
    for (const at of pixels) {
      const n = nearestIndex(lab, at, centres)
      for (let i = 0; i < 3; i++) sums[n * 4 + i] = (sums[n * 4 + i] ?? 0) + (lab[at * 3 + i] ?? 0)
      sums[n * 4 + 3] = (sums[n * 4 + 3] ?? 0) + 1
    }
    for (let n = 0; n < backgroundColours; n++) {
      const count = sums[n * 4 + 3] ?? 0
      if (count > 0) for (let i = 0; i < 3; i++) centres[n * 3 + i] = (sums[n * 4 + i] ?? 0) / count
    }
  }
  // A colour that few of them have is the foreground touching the border.
  const counts = new Map<number, number>()
  for (const at of pixels) {
    const n = nearestIndex(lab, at, centres)
    counts.set(n, (counts.get(n) ?? 0) + 1)
  }
  const common = [...counts].filter(([, count]) => count >= pixels.length * 0.15)
  return Float32Array.from(common.flatMap(([n]) => [...centres.subarray(n * 3, n * 3 + 3)]))
}

function nearest(lab: Float32Array, at: number, centres: Float32Array): number {
  let best = Infinity
  for (let n = 0; n < centres.length; n += 3) best = Math.min(best, squared(lab, at, centres, n))
  return Math.sqrt(best)
}

function nearestIndex(lab: Float32Array, at: number, centres: Float32Array): number {
  let best = 0
  for (let n = 3; n < centres.length; n += 3)
    if (squared(lab, at, centres, n) < squared(lab, at, centres, best)) best = n
  return best / 3
}

function squared(lab: Float32Array, at: number, centres: Float32Array, n: number): number {
  let sum = 0
  for (let i = 0; i < 3; i++) sum += ((lab[at * 3 + i] ?? 0) - (centres[n + i] ?? 0)) ** 2
  return sum
}

/** Where the distances fall apart into two kinds (Otsu 1979). */
function otsu(distances: Float32Array): number {
  let largest = 1
  for (const distance of distances) largest = Math.max(largest, distance)
  const histogram = new Float64Array(256)
  const binOf = (distance: number) => Math.floor((distance / largest) * 255)
  for (const distance of distances) histogram[binOf(distance)]! += 1
  let total = 0
  for (let bin = 0; bin < 256; bin++) total += bin * (histogram[bin] ?? 0)
  let [below, sumBelow, best, threshold] = [0, 0, -1, 0]
  for (let bin = 0; bin < 256; bin++) {
    below += histogram[bin] ?? 0
    sumBelow += bin * (histogram[bin] ?? 0)
    const above = distances.length - below
    if (below === 0 || above === 0) continue
    const between = below * above * (sumBelow / below - (total - sumBelow) / above) ** 2
    if (between > best) [best, threshold] = [between, bin]
  }
  return ((threshold + 1) / 255) * largest
}

/** 1 for every pixel that no way through the background connects with the border. */
function shutIn(width: number, height: number, isBackground: (at: number) => boolean): Uint8Array {
  const kept = new Uint8Array(width * height).fill(1)
  const open = borderOf(width, height).filter(isBackground)
  for (const at of open) kept[at] = 0
  for (let at = open.pop(); at !== undefined; at = open.pop())
    for (const next of neighbours(at, width, height))
      if (kept[next] === 1 && isBackground(next)) {
        kept[next] = 0
        open.push(next)
      }
  return kept
}

function withoutDust(width: number, height: number, kept: Uint8Array): void {
  const part = new Int32Array(kept.length)
  const sizes = [0]
  for (let start = 0; start < kept.length; start++) {
    if (kept[start] === 0 || part[start] !== 0) continue
    const number = sizes.push(0) - 1
    const open = [start]
    part[start] = number
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      sizes[number] = (sizes[number] ?? 0) + 1
      for (const next of neighbours(at, width, height))
        if (kept[next] === 1 && part[next] === 0) {
          part[next] = number
          open.push(next)
        }
    }
  }
  const least = sizes.reduce((most, size) => Math.max(most, size), 0) * dustShare
  for (let at = 0; at < kept.length; at++) if ((sizes[part[at] ?? 0] ?? 0) < least) kept[at] = 0
}

function neighbours(at: number, width: number, height: number): number[] {
  const x = at % width
  const found: number[] = []
  if (x > 0) found.push(at - 1)
  if (x < width - 1) found.push(at + 1)
  if (at >= width) found.push(at - width)
  if (at < width * (height - 1)) found.push(at + width)
  return found
}

/** Each pixel the mean of nine, so that the edge is no staircase. */
function softened(width: number, height: number, kept: Uint8Array): Uint8Array {
  const alpha = new Uint8Array(kept.length)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let [sum, count] = [0, 0]
      for (let j = Math.max(0, y - 1); j <= Math.min(height - 1, y + 1); j++)
        for (let i = Math.max(0, x - 1); i <= Math.min(width - 1, x + 1); i++) {
          sum += kept[j * width + i] ?? 0
          count += 1
        }
      alpha[y * width + x] = Math.round((sum / count) * 255)
    }
  return alpha
}
