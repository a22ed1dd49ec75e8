/** Radices of the passes of a transform of length n, largest first; their product is n. */
export function radicesOf(n: number): number[] {
  const radices: number[] = []
  let rest = n
  for (let prime = 3; prime * prime <= rest; prime += 2)
    while (rest % prime === 0) {
      radices.push(prime)
      rest /= prime
    }
  while (rest % 4 === 0) {
    radices.push(4)
    rest /= 4
  }
  while (rest % 2 === 0) {
    radices.push(2)
    rest /= 2
  }
  for (let prime = 3; rest > 1; prime += 2)
    while (rest % prime === 0) {
      radices.push(prime)
      rest /= prime
    }
  return radices.sort((a, b) => b - a)
}

/** Above this the sums of a prime cost more than a convolution does. */
export const largestRadix = 61

/** About what a transform costs by passes alone: operations per point, loads and stores included. */
export const costOf = (n: number): number =>
  n * radicesOf(n).reduce((sum, radix) => sum + (radix <= 5 ? 4 + radix : 6 + 2 * radix), 0)

/** The length of at least `minimum`, of factors 2, 3 and 5 alone, whose transform is the cheapest. */
export function cheapLength(minimum: number): number {
  let best = 0
  let least = Infinity
  for (let n = minimum; n <= 2 * minimum; n++) {
    if (!isSmooth(n) || costOf(n) >= least) continue
    best = n
    least = costOf(n)
  }
  return best
}

function isSmooth(n: number): boolean {
  let rest = n
  for (const prime of [2, 3, 5]) while (rest % prime === 0) rest /= prime
  return rest === 1
}
