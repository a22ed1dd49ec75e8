/** Points by x and y; whole numbers, so the turns below are exact. */
export interface Points {
  readonly x: readonly number[]
  readonly y: readonly number[]
}

export interface Hull extends Points {
  /** Of the polygon through the vertices. */
  readonly area: number
  readonly perimeter: number
}

/**
 * The convex hull of the set pixels' centres (monotone chain, Andrew 1979), vertices only; undefined when all lie on one
 * line. Only the outermost pixels of a row can be vertices.
 */
export function hullOf(outline: Uint8Array, width: number, height: number): Hull | undefined {
  const xs: number[] = []
  const ys: number[] = []
  for (let y = 0; y < height; y++) {
    const row = outline.subarray(y * width, (y + 1) * width)
    const first = row.indexOf(1)
    const last = row.lastIndexOf(1)
    if (first < 0) continue
    for (const x of first === last ? [first] : [first, last]) {
      xs.push(x)
      ys.push(y)
    }
  }
  const upper = halfHull(xs, ys, xs.keys())
  const lower = halfHull(xs, ys, [...xs.keys()].reverse())
  const vertices = [...upper.slice(0, -1), ...lower.slice(0, -1)]
  if (vertices.length < 3) return undefined

  let twice = 0
  let perimeter = 0
  for (const [index, a] of vertices.entries()) {
    const b = vertices[(index + 1) % vertices.length]!
    twice += xs[a]! * ys[b]! - xs[b]! * ys[a]!
    perimeter += Math.sqrt((xs[b]! - xs[a]!) ** 2 + (ys[b]! - ys[a]!) ** 2)
  }
  return {
    x: vertices.map((at) => xs[at]!),
    y: vertices.map((at) => ys[at]!),
    area: Math.abs(twice) / 2,
    perimeter,
  }
}

/** Indices of the points that remain when every turn must go the same way. */
function halfHull(xs: readonly number[], ys: readonly number[], order: Iterable<number>): number[] {
  const chain: number[] = []
  for (const point of order) {
    while (chain.length >= 2) {
      const a = chain[chain.length - 2]!
      const b = chain[chain.length - 1]!
      const turn =
        (xs[b]! - xs[a]!) * (ys[point]! - ys[a]!) - (ys[b]! - ys[a]!) * (xs[point]! - xs[a]!)
      if (turn > 0) break
      chain.pop()
    }
    chain.push(point)
  }
  return chain
}

/** Centres of all set pixels. */
export function pointsOf(outline: Uint8Array, width: number): Points {
  const x: number[] = []
  const y: number[] = []
  for (let at = outline.indexOf(1); at >= 0; at = outline.indexOf(1, at + 1)) {
    x.push(at % width)
    y.push(Math.floor(at / width))
  }
  return { x, y }
}
