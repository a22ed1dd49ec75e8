/** The median of the first `count` values; of an even number of them the mean of the two in the middle. Reorders them. */
export function medianOf(values: Float64Array, count: number): number {
  const middle = count >> 1
  const upper = select(values, count, middle)
  if (count % 2 === 1) return upper
  // After `select` everything before the middle is no larger than it.
  let lower = -Infinity
  for (let i = 0; i < middle; i++) lower = Math.max(lower, values[i]!)
  return (lower + upper) / 2
}

/** The value of rank k, put in its place with smaller ones before it (Hoare 1961); sorting all would cost several times that. */
function select(values: Float64Array, count: number, k: number): number {
  let left = 0
  let right = count - 1
  while (left < right) {
    const pivot = medianOfThree(values[left]!, values[(left + right) >> 1]!, values[right]!)
    let i = left
    let j = right
    while (i <= j) {
      while (values[i]! < pivot) i++
      while (values[j]! > pivot) j--
      if (i > j) break
      const swap = values[i]!
      values[i++] = values[j]!
      values[j--] = swap
    }
    if (k <= j) right = j
    else if (k >= i) left = i
    else break
  }
  return values[k]!
}

const medianOfThree = (a: number, b: number, c: number): number =>
  Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
