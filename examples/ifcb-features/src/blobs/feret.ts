import type { Points } from './hull.ts'

const cosines = Float64Array.from({ length: 180 }, (_, t) => Math.cos((-t * Math.PI) / 180))
const sines = Float64Array.from({ length: 180 }, (_, t) => Math.sin((-t * Math.PI) / 180))

/**
 * Largest and smallest width of a shape, in pixels, over directions a degree apart; pixels are squares around the points. A
 * direction and its opposite have the same width, so half of the circle is enough.
 */
export function feretDiameters({ x, y }: Points): { maximum: number; minimum: number } {
  let maximum = -Infinity
  let minimum = Infinity
  for (let t = 0; t < 180; t++) {
    const c = cosines[t]!
    const s = sines[t]!
    let most = -Infinity
    let least = Infinity
    for (let i = 0; i < x.length; i++) {
      const along = x[i]! * c - y[i]! * s
      if (along > most) most = along
      if (along < least) least = along
    }
    const width = most - least + Math.abs(c) + Math.abs(s)
    if (width > maximum) maximum = width
    if (width < minimum) minimum = width
  }
  return { maximum, minimum }
}
