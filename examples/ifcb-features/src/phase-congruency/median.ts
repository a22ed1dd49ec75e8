/** Numbers in rows, some of which lie between: `rows` rows of `columns`, each `stride` after the one before, from `at`. */
export interface Field {
  readonly f64: Float64Array
  readonly at: number
  readonly rows: number
  readonly columns: number
  readonly stride: number
}

const bins = 2048
const counts = new Uint32Array(bins + 1)

/**
 * The median of numbers that are not negative; of an even number of them the mean of the two in the middle. They are counted
 * by size, and only those of the size in the middle are looked at closer: two passes without a branch, where selecting among
 * all of them takes several with many.
 */
export function medianOf(field: Field): number {
  const { f64, at, rows, columns, stride } = field
  let most = 0
  for (let r = 0; r < rows; r++)
    for (let i = at + r * stride, end = i + columns; i < end; i++) most = Math.max(most, f64[i]!)
  if (most === 0) return 0
  const scale = bins / most
  // The scale of numbers too small for it is infinite; then all that matters is that they are as good as 0.
  if (!Number.isFinite(scale)) return most
  counts.fill(0)
  for (let r = 0; r < rows; r++)
    for (let i = at + r * stride, end = i + columns; i < end; i++) counts[(f64[i]! * scale) | 0]!++

  const middle = (rows * columns) >> 1
  let bin = 0
  let below = 0
  while (below + counts[bin]! <= middle) below += counts[bin++]!
  const close = new Float64Array(counts[bin]!)
  let filled = 0
  let largestBelow = 0
  for (let r = 0; r < rows; r++)
    for (let i = at + r * stride, end = i + columns; i < end; i++) {
      const value = f64[i]!
      const size = (value * scale) | 0
      if (size === bin) close[filled++] = value
      else if (size < bin && value > largestBelow) largestBelow = value
    }
  close.sort()
  const upper = close[middle - below]!
  if ((rows * columns) % 2 === 1) return upper
  return ((middle > below ? close[middle - below - 1]! : largestBelow) + upper) / 2
}
