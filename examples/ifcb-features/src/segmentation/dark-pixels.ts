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
  const tables = [new Float32Array(most), new Float32Array(most)] as const
  const sums = new Float32Array(2)
  const size = (which: number) => {
    let count = 0
    for (let code = 0; code < used; code++) if (cluster[code] === which) count += members[code]!
    return count
  }
  /** Moves each centre to the mean of its members, if it has any. */
  const settle = () => {
    for (let code = 0; code < used; code++) {
      tables[0][code] = cluster[code] === 0 ? value[code]! : 0
      tables[1][code] = cluster[code] === 1 ? value[code]! : 0
    }
    sumInOrder(codes, tables, sums)
    for (const which of [0, 1]) {
      const count = size(which)
      if (count === 0) continue
      centre[which] = sums[which]! / f32(count)
      measure(which)
    }
  }

  let previous = { total: Infinity, cluster: cluster.slice() }
  for (let step = 0; step < mostSteps; step++) {
    settle()
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
      settle()
    }
    for (let code = 0; code < used; code++)
      tables[0][code] = distance[cluster[code]! as 0 | 1][code]!
    sumInOrder(codes, tables, sums)
    const total = sums[0]!
    if (previous.total <= total) {
      cluster = previous.cluster
      settle()
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

/** Adds up what each of two tables says of each pixel, rounded to float32 after each. Two sums at once take no longer than one. */
function sumInOrder(
  codes: Uint16Array,
  [first, second]: readonly [Float32Array, Float32Array],
  sums: Float32Array,
): void {
  let a = 0
  let b = 0
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!
    a = f32(a + first[code]!)
    b = f32(b + second[code]!)
  }
  sums[0] = a
  sums[1] = b
}
