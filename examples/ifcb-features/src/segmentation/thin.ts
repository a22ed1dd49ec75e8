import { mapWords, type BitImage } from './bit-image.ts'

/**
 * Thins once: two half steps, each of which decides on the image as it was before it (Guo & Hall 1989; Lam, Lee & Suen 1992).
 * Outside of the image is clear. Conditions G1, G2, G3 as in the literature, on 32 pixels at once.
 */
export const thin = (image: BitImage): BitImage => halfStep(halfStep(image, false), true)

function halfStep(image: BitImage, second: boolean): BitImage {
  const { words: a, stride } = image
  return mapWords(image, (i) => {
    const set = a[i]!
    if (set === 0) return 0
    const n = i - stride
    const s = i + stride
    // Neighbours counter-clockwise from the east.
    const b0 = (set >>> 1) | (a[i + 1]! << 31)
    const b1 = (a[n]! >>> 1) | (a[n + 1]! << 31)
    const b2 = a[n]!
    const b3 = (a[n]! << 1) | (a[n - 1]! >>> 31)
    const b4 = (set << 1) | (a[i - 1]! >>> 31)
    const b5 = (a[s]! << 1) | (a[s - 1]! >>> 31)
    const b6 = a[s]!
    const b7 = (a[s]! >>> 1) | (a[s + 1]! << 31)

    // G1: going around, exactly one step from clear to set.
    const c0 = ~b0 & (b1 | b2)
    const c1 = ~b2 & (b3 | b4)
    const c2 = ~b4 & (b5 | b6)
    const c3 = ~b6 & (b7 | b0)
    const g1 = (c0 ^ c1 ^ c2 ^ c3) & ~((c0 & c1) | (c2 & c3))

    // G2: two or three neighbours, counted in pairs, from either corner.
    const [p0, p1, p2, p3] = [b1 | b0, b3 | b2, b5 | b4, b7 | b6]
    const [q0, q1, q2, q3] = [b1 | b2, b3 | b4, b5 | b6, b7 | b0]
    const twoOfP = atLeastTwo(p0, p1, p2, p3)
    const twoOfQ = atLeastTwo(q0, q1, q2, q3)
    const g2 = twoOfP & twoOfQ & ~(p0 & p1 & p2 & p3 & q0 & q1 & q2 & q3)

    const kept = second ? (b5 | b6 | ~b3) & b4 : (b1 | b2 | ~b7) & b0
    return set & ~(g1 & g2 & ~kept)
  })
}

const atLeastTwo = (a: number, b: number, c: number, d: number): number =>
  (a & b) | (c & d) | ((a | b) & (c | d))
