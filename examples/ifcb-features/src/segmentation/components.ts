/** A row's stretch of pixels of one component: x from `first` to before `end`. */
export interface Runs {
  readonly count: number
  readonly y: Int32Array
  readonly first: Int32Array
  readonly end: Int32Array
  /** The component, 0 … components - 1, numbered by the raster order of their first pixels. */
  readonly component: Int32Array
  readonly components: number
}

/**
 * Connected components of the pixels that are `value`, as runs in raster order: a mask has far fewer runs than pixels.
 * `reach` 1: diagonal neighbours are connected (8 neighbours); 0: they are not (4 neighbours).
 */
export function findComponents(
  mask: Uint8Array,
  width: number,
  height: number,
  value: 0 | 1,
  reach: 0 | 1,
): Runs {
  let capacity = 1024
  let y = new Int32Array(capacity)
  let first = new Int32Array(capacity)
  let end = new Int32Array(capacity)
  let parent = new Int32Array(capacity)
  let count = 0
  const rootOf = (run: number): number => {
    let root = run
    while (parent[root] !== root) root = parent[root]!
    parent[run] = root
    return root
  }

  // The next pixel that is `value`, and the next that is not: searched again only when they are passed.
  let found = -1
  let stop = -1
  const next = (known: number, what: number, from: number): number => {
    if (known >= from) return known
    const at = mask.indexOf(what, from)
    return at < 0 ? mask.length : at
  }

  let rowStart = 0
  for (let row = 0; row < height; row++) {
    let above = rowStart // first run of the row above that may still touch
    const aboveEnd = count
    rowStart = count
    const base = row * width
    for (let x = 0; x < width;) {
      found = next(found, value, base + x)
      x = found - base
      if (x >= width) break
      stop = next(stop, 1 - value, found)
      const to = Math.min(stop - base, width)
      if (count === capacity) {
        capacity *= 2
        y = grown(y, capacity)
        first = grown(first, capacity)
        end = grown(end, capacity)
        parent = grown(parent, capacity)
      }
      y[count] = row
      first[count] = x
      end[count] = to
      parent[count] = count
      while (above < aboveEnd && end[above]! + reach <= x) above++
      for (let other = above; other < aboveEnd && first[other]! < to + reach; other++) {
        const [a, b] = [rootOf(other), rootOf(count)]
        parent[Math.max(a, b)] = Math.min(a, b)
      }
      count++
      x = to
    }
  }

  const component = new Int32Array(count)
  let components = 0
  for (let run = 0; run < count; run++)
    component[run] = parent[run] === run ? components++ : component[rootOf(run)]!
  return { count, y, first, end, component, components }
}

function grown(old: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length)
  larger.set(old)
  return larger
}

/** Pixels of each component. */
export function areasOf({ count, first, end, component, components }: Runs): Int32Array {
  const areas = new Int32Array(components)
  for (let run = 0; run < count; run++) areas[component[run]!]! += end[run]! - first[run]!
  return areas
}

/** Sets all 0 that no path of 4-neighbours joins to the outside of the image. */
export function fillHoles(mask: Uint8Array, width: number, height: number): void {
  const runs = findComponents(mask, width, height, 0, 0)
  const outside = new Uint8Array(runs.components)
  const touches = (run: number) =>
    runs.y[run] === 0 ||
    runs.y[run] === height - 1 ||
    runs.first[run] === 0 ||
    runs.end[run] === width
  for (let run = 0; run < runs.count; run++) if (touches(run)) outside[runs.component[run]!] = 1
  for (let run = 0; run < runs.count; run++)
    if (outside[runs.component[run]!] === 0)
      mask.fill(1, runs.y[run]! * width + runs.first[run]!, runs.y[run]! * width + runs.end[run]!)
}
