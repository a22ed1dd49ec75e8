/** Numbers that are the same for the same seed, on every machine: a sample bin can be made again instead of kept. */
export interface Random {
  /** Uniform in [min, max). */
  float(min: number, max: number): number
  /** Uniform whole number, both ends included. */
  int(min: number, max: number): number
  chance(probability: number): boolean
  /** Normal with mean 0 and deviation 1. */
  gaussian(): number
  pick<T>(items: readonly [T, ...T[]]): T
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  let spare: number | undefined
  // splitmix32: passes the tests that matter for pictures, and is five lines.
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
  const float = (min: number, max: number) => min + (max - min) * next()
  const int = (min: number, max: number) => Math.floor(float(min, max + 1))
  return {
    float,
    int,
    chance: (probability) => next() < probability,
    gaussian() {
      // Box and Muller give two at a time.
      if (spare !== undefined) {
        const kept = spare
        spare = undefined
        return kept
      }
      const radius = Math.sqrt(-2 * Math.log(1 - next()))
      const angle = 2 * Math.PI * next()
      spare = radius * Math.sin(angle)
      return radius * Math.cos(angle)
    },
    pick: (items) => items[int(0, items.length - 1)] ?? items[0],
  }
}

/** A smooth random field over the plane, values 0 to 1, about one hill per unit; `seed` chooses which. */
export function smoothNoise(x: number, y: number, seed: number): number {
  const column = Math.floor(x)
  const row = Math.floor(y)
  const u = ease(x - column)
  const v = ease(y - row)
  const top = mix(corner(column, row, seed), corner(column + 1, row, seed), u)
  const bottom = mix(corner(column, row + 1, seed), corner(column + 1, row + 1, seed), u)
  return mix(top, bottom, v)
}

/** Smooth noise with detail at three scales. */
export const roughNoise = (x: number, y: number, seed: number): number =>
  (4 * smoothNoise(x, y, seed) +
    2 * smoothNoise(2 * x, 2 * y, seed + 1) +
    smoothNoise(4 * x, 4 * y, seed + 2)) /
  7

const ease = (t: number) => t * t * (3 - 2 * t)
export const mix = (a: number, b: number, t: number): number => a + (b - a) * t

function corner(column: number, row: number, seed: number): number {
  let hash =
    Math.imul(column, 0x27d4eb2d) ^ Math.imul(row, 0x165667b1) ^ Math.imul(seed, 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32
}
