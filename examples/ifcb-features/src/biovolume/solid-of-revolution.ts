import type { Biovolume } from './measures.ts'
import type { Profile } from './rotate.ts'

const steps = 720 // quarter degrees of half a turn
const stepAngle = Math.PI / steps
/** cos of the middle of each step. */
const middles = Float64Array.from({ length: steps }, (_, j) => Math.cos((j + 0.5) * stepAngle))

/**
 * Every column of the profile is the diameter of a disc; the discs are stacked (Moberg & Sosik 2012, after Sosik & Kilfoyle).
 * The surface is that of the triangles between points on the rims a quarter degree apart.
 */
export function solidOfRevolution({ count, top }: Profile): Biovolume {
  const slices = count.length
  const radius = count.map((pixels) => pixels / 2)
  const centre = top.map((first, slice) => first + radius[slice]!)
  if (slices >= 2) {
    centre[0] = centre[1]!
    centre[slices - 1] = centre[slices - 2]!
  }
  const position = count.map((_, slice) => slice + 1)
  position[0]! -= 0.5
  position[slices - 1]! += 0.5

  let volume = 0
  let side = 0
  for (let slice = 0; slice + 1 < slices; slice++) {
    const dx = position[slice + 1]! - position[slice]!
    const [r1, r2] = [radius[slice]!, radius[slice + 1]!]
    const b1 = Math.PI * r1 * r1
    const b2 = Math.PI * r2 * r2
    volume += (dx / 3) * (b1 + b2 + Math.sqrt(b1 * b2))
    side += (r1 + r2) * slant(dx, centre[slice + 1]! - centre[slice]!, r2 - r1)
  }
  const caps = Math.PI * radius[0]! ** 2 + Math.PI * radius[slices - 1]! ** 2
  return {
    volume,
    surface: 2 * side * Math.sin(stepAngle / 2) + caps,
    representativeWidth: radius.reduce((sum, r) => sum + 2 * r, 0) / slices,
  }
}

const known = new Map<number, number>()

/**
 * Both triangles between two steps have the height sqrt(dx² + (dC cos m + dr cos(step / 2))²) over chords of 2 r sin(step / 2),
 * m being the middle of the step: the vector products, worked out. This is its sum over half a turn. Centres and radii are
 * whole halves, so the same few sums come again and again and are kept.
 */
function slant(dx: number, dCentre: number, dRadius: number): number {
  // The other half turn is the mirror image. Its terms come in the other order, so the sum must not be that of whichever sign was
  // met first: the same image would have another last digit on another day.
  const shift = Math.abs(dCentre)
  const key = (2 * dx * 4096 + 2 * shift) * 8192 + 2 * dRadius + 4096
  const found = known.get(key)
  if (found !== undefined) return found
  const along = dRadius * Math.cos(stepAngle / 2)
  let sum = 0
  for (let j = 0; j < steps; j++) {
    const across = shift * middles[j]! + along
    sum += Math.sqrt(dx * dx + across * across)
  }
  if (known.size >= 65_536) known.clear()
  known.set(key, sum)
  return sum
}
