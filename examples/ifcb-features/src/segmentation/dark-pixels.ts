const f32 = Math.fround
const darkFactor = 0.75
const mostSteps = 100

/**
 * Pixels that belong to neither the brighter of two clusters nor what is brighter than 3/4 of its darkest member: 0 or 1 by
 * pixel, row-major. Two-means as the reference has it from MATLAB: everything in float32, sums one after the other down the
 * columns, so that pixels at the limits fall where they fall there.
 *
 * Pixels of one grey are always in one cluster, so clusters are kept by code, which is the grey. The exception is a pixel that
 * is moved alone into an empty cluster: it gets a code of its own, from 256 on.
 */
export function darkPixels(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const codes = new Uint16Array(pixels.length)
  for (let x = 0, to = 0; x < width; x++)
    for (let y = 0; y < height; y++) codes[to++] = pixels[y * width + x]!
  const isDark = darkCodes(codes)
  const dark = new Uint8Array(pixels.length)
  for (let x = 0, from = 0; x < width; x++)
    for (let y = 0; y < height; y++) dark[y * width + x] = isDark[codes[from++]!]!
  return dark
}

/** By code: 1 for dark. Pixels that were moved alone have got new codes afterwards. */
function darkCodes(codes: Uint16Array): Uint8Array {
  const most = 256 + mostSteps
  const value = new Float32Array(most)
  for (let code = 0; code < 256; code++) value[code] = code / 255
  const members = new Uint32Array(most)
  for (const code of codes) members[code]! += 1
  let used = 256

  const centre = new Float32Array([0, 1])
  const distance = [new Float32Array(most), new Float32Array(most)] as const
  const measure = (cluster: number) => {
    for (let code = 0; code < used; code++) {
      const delta = f32(value[code]! - centre[cluster]!)
      distance[cluster]![code] = delta * delta
    }
  }
  measure(0)
  measure(1)
  let cluster = new Uint8Array(most)
  for (let code = 0; code < used; code++)
    cluster[code] = distance[1][code]! < distance[0][code]! ? 1 : 0
  const table = new Float32Array(most)
  const size = (which: number) => {
    let count = 0
    for (let code = 0; code < used; code++) if (cluster[code] === which) count += members[code]!
    return count
  }
  /** Moves a centre to the mean of its members, if there are any. */
  const settle = (which: number) => {
    const count = size(which)
    if (count === 0) return
    for (let code = 0; code < used; code++) table[code] = cluster[code] === which ? value[code]! : 0
    centre[which] = sumInOrder(codes, table) / f32(count)
    measure(which)
  }

  let previous = { total: Infinity, cluster: cluster.slice() }
  for (let step = 0; step < mostSteps; step++) {
    settle(0)
    settle(1)
    for (const empty of [0, 1]) {
      if (size(empty) > 0) continue
      const donor = 1 - empty
      const lonely = farthest(codes, distance[donor]!)
      const code = used++
      value[code] = value[codes[lonely]!]!
      members[codes[lonely]!]! -= 1
      members[code] = 1
      codes[lonely] = code
      cluster[code] = empty
      // What was remembered has this pixel where it was.
      previous.cluster[code] = donor
      settle(empty)
      settle(donor)
    }
    for (let code = 0; code < used; code++) table[code] = distance[cluster[code]!]![code]!
    const total = sumInOrder(codes, table)
    if (previous.total <= total) {
      cluster = previous.cluster
      settle(0)
      settle(1)
      break
    }
    previous = { total, cluster: cluster.slice() }
    let moved = false
    for (let code = 0; code < used; code++) {
      const here = cluster[code]!
      if (members[code] === 0 || !(distance[1 - here]![code]! < distance[here]![code]!)) continue
      cluster[code] = 1 - here
      moved = true
    }
    if (!moved) break
  }

  const bright = centre[1]! > centre[0]! ? 1 : 0
  let darkest = Infinity
  for (let code = 0; code < used; code++)
    if (cluster[code] === bright && members[code]! > 0) darkest = Math.min(darkest, value[code]!)
  const limit = f32(darkest * darkFactor)
  return cluster.map((which, code) => (which === bright || value[code]! > limit ? 0 : 1))
}

/** The first of the pixels whose value is the farthest. */
function farthest(codes: Uint16Array, distance: Float32Array): number {
  let most = -1
  let at = 0
  for (let i = 0; i < codes.length; i++)
    if (distance[codes[i]!]! > most) {
      most = distance[codes[i]!]!
      at = i
    }
  return at
}

/** Adds up what the table says of each pixel, rounded to float32 after each. */
function sumInOrder(codes: Uint16Array, table: Float32Array): number {
  let sum = 0
  for (let i = 0; i < codes.length; i++) sum = f32(sum + table[codes[i]!]!)
  return sum
}
