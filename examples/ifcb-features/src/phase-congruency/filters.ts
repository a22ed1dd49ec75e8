/**
 * The filters of phase congruency in the frequency plane (Kovesi 1999, Videre 1(3)): log-Gabor gains by scale, times wedges by
 * orientation. An image is real, so each wedge is needed on one side of the plane only: a wedge of 120° lies wholly on one
 * side of an axis, and the other side would give the complex conjugate, whose amplitude and energy are the same.
 */
export const scales = 4
/** Orientations whose wedge lies beside the vertical axis (x ≠ 0), and those beside the horizontal one (y ≠ 0). */
export const orientations = { x: [0, 1, 5], y: [2, 3, 4] } as const

const shortestWave = 2 // pixels
const scaleStep = 2.5
const sigma = 0.55
const cutOff = 0.45

/**
 * Frequency of each coefficient of a transform of length n, in cycles per pixel, zero first. An odd length is divided by
 * n - 1, so that it reaches ±0.5: that is how the reference has it.
 */
export function frequencies(n: number): Float64Array {
  let known = frequenciesOf.get(n)
  if (!known) {
    known = Float64Array.from({ length: n }, (_, k) => {
      if (n % 2 === 0) return (k < n / 2 ? k : k - n) / n
      return n === 1 ? 0 : (k <= (n - 1) / 2 ? k : k - n) / (n - 1)
    })
    frequenciesOf.set(n, known)
  }
  return known
}

const frequenciesOf = new Map<number, Float64Array>()

/**
 * The gains of all scales at one distance from the origin, `squared` cycles² per pixel²: log-Gabor, times a Butterworth
 * low-pass that removes the corners of the plane, times `factor`.
 */
export function gainsAt(squared: number, factor: number, to: Float64Array): void {
  const logarithm = Math.log(squared) / 2
  // (r / cutOff)^30: `**` would take longer than all the rest.
  const r2 = squared / (cutOff * cutOff)
  const r4 = r2 * r2
  const r8 = r4 * r4
  const lowPass = factor / (1 + r8 * r8 * r8 * r4 * r2)
  for (let scale = 0; scale < scales; scale++) {
    const octaves = logarithm - logCentres[scale]!
    to[scale] = squared === 0 ? 0 : lowPass * Math.exp(octaves * octaves * spread)
  }
}

const logCentres = Float64Array.from(
  { length: scales },
  (_, scale) => -Math.log(shortestWave * scaleStep ** scale),
)
const spread = -1 / (2 * Math.log(sigma) ** 2)

/**
 * How much of the frequency (x right, y down) an orientation takes: a raised cosine, 1 in the middle of the wedge, 0 from 60°
 * on. By the formulas of the triple angle: orientations are 30° apart, so 3(θ - a) is 3θ less a number of right angles.
 */
export function wedgeAt(x: number, y: number, orientation: number): number {
  const length = Math.sqrt(x * x + y * y)
  if (length === 0) return 0
  const cos = x / length
  const sin = -y / length
  if (cos * cosines[orientation]! + sin * sines[orientation]! <= 0.5) return 0
  const triple = orientation % 2 === 0 ? cos * (4 * cos * cos - 3) : sin * (3 - 4 * sin * sin)
  return (orientation === 2 || orientation === 3 ? 1 - triple : 1 + triple) / 2
}

const cosines = Float64Array.from({ length: 6 }, (_, o) => Math.cos((o * Math.PI) / 6))
const sines = Float64Array.from({ length: 6 }, (_, o) => Math.sin((o * Math.PI) / 6))
