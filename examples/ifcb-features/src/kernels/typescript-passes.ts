import type { Block } from './kernels.ts'

/**
 * The butterflies of a Stockham transform (Van Loan 1992, 1.7) with exponent +2πi: input k of butterfly p is at
 * `stride * (p + butterflies * k)`, output j at `stride * (radix * p + j)`, each a run of `stride` neighbours.
 */
export type Pass = (
  f: Float64Array,
  target: Block,
  source: Block,
  butterflies: number,
  stride: number,
  twiddles: number,
  roots: number,
) => void

export const pass2: Pass = (f, target, source, butterflies, stride, twiddles) => {
  const step = butterflies * stride
  for (let p = 0; p < butterflies; p++) {
    const wr = f[twiddles + 2 * p]!
    const wi = f[twiddles + 2 * p + 1]!
    let re = source.re + p * stride
    let im = source.im + p * stride
    let toRe = target.re + 2 * p * stride
    let toIm = target.im + 2 * p * stride
    for (let q = 0; q < stride; q++, re++, im++, toRe++, toIm++) {
      const ar = f[re]!
      const ai = f[im]!
      const br = f[re + step]!
      const bi = f[im + step]!
      f[toRe] = ar + br
      f[toIm] = ai + bi
      const r = ar - br
      const i = ai - bi
      f[toRe + stride] = r * wr - i * wi
      f[toIm + stride] = r * wi + i * wr
    }
  }
}

const sin60 = Math.sqrt(3) / 2

export const pass3: Pass = (f, target, source, butterflies, stride, twiddles) => {
  const step = butterflies * stride
  for (let p = 0; p < butterflies; p++) {
    const w = twiddles + 4 * p
    const w1r = f[w]!
    const w1i = f[w + 1]!
    const w2r = f[w + 2]!
    const w2i = f[w + 3]!
    let re = source.re + p * stride
    let im = source.im + p * stride
    let toRe = target.re + 3 * p * stride
    let toIm = target.im + 3 * p * stride
    for (let q = 0; q < stride; q++, re++, im++, toRe++, toIm++) {
      const ar = f[re]!
      const ai = f[im]!
      const br = f[re + step]!
      const bi = f[im + step]!
      const cr = f[re + 2 * step]!
      const ci = f[im + 2 * step]!
      const tr = br + cr
      const ti = bi + ci
      f[toRe] = ar + tr
      f[toIm] = ai + ti
      const mr = ar - tr * 0.5
      const mi = ai - ti * 0.5
      const dr = (br - cr) * sin60
      const di = (bi - ci) * sin60
      const xr = mr - di
      const xi = mi + dr
      const yr = mr + di
      const yi = mi - dr
      f[toRe + stride] = xr * w1r - xi * w1i
      f[toIm + stride] = xr * w1i + xi * w1r
      f[toRe + 2 * stride] = yr * w2r - yi * w2i
      f[toIm + 2 * stride] = yr * w2i + yi * w2r
    }
  }
}

export const pass4: Pass = (f, target, source, butterflies, stride, twiddles) => {
  const step = butterflies * stride
  for (let p = 0; p < butterflies; p++) {
    const w = twiddles + 6 * p
    const w1r = f[w]!
    const w1i = f[w + 1]!
    const w2r = f[w + 2]!
    const w2i = f[w + 3]!
    const w3r = f[w + 4]!
    const w3i = f[w + 5]!
    let re = source.re + p * stride
    let im = source.im + p * stride
    let toRe = target.re + 4 * p * stride
    let toIm = target.im + 4 * p * stride
    for (let q = 0; q < stride; q++, re++, im++, toRe++, toIm++) {
      const ar = f[re]!
      const ai = f[im]!
      const br = f[re + step]!
      const bi = f[im + step]!
      const cr = f[re + 2 * step]!
      const ci = f[im + 2 * step]!
      const dr = f[re + 3 * step]!
      const di = f[im + 3 * step]!
      const sr = ar + cr
      const si = ai + ci
      const ur = ar - cr
      const ui = ai - ci
      const tr = br + dr
      const ti = bi + di
      const vr = br - dr
      const vi = bi - di
      f[toRe] = sr + tr
      f[toIm] = si + ti
      const xr = ur - vi
      const xi = ui + vr
      f[toRe + stride] = xr * w1r - xi * w1i
      f[toIm + stride] = xr * w1i + xi * w1r
      const yr = sr - tr
      const yi = si - ti
      f[toRe + 2 * stride] = yr * w2r - yi * w2i
      f[toIm + 2 * stride] = yr * w2i + yi * w2r
      const zr = ur + vi
      const zi = ui - vr
      f[toRe + 3 * stride] = zr * w3r - zi * w3i
      f[toIm + 3 * stride] = zr * w3i + zi * w3r
    }
  }
}

/**
 * Any odd radix: inputs k and radix - k are taken together, so that each pair of outputs needs one real product per input.
 * `roots`: for output j = 1 … half and input k = 1 … half, cos and sin of 2πjk / radix.
 */
export function passOdd(radix: number): Pass {
  const half = (radix - 1) / 2
  const sums = new Float64Array(4 * half)
  return (f, target, source, butterflies, stride, twiddles, roots) => {
    const step = butterflies * stride
    for (let p = 0; p < butterflies; p++) {
      const w = twiddles + 2 * (radix - 1) * p
      let re = source.re + p * stride
      let im = source.im + p * stride
      let toRe = target.re + radix * p * stride
      let toIm = target.im + radix * p * stride
      for (let q = 0; q < stride; q++, re++, im++, toRe++, toIm++) {
        const ar = f[re]!
        const ai = f[im]!
        let totalRe = ar
        let totalIm = ai
        for (let k = 1; k <= half; k++) {
          const br = f[re + k * step]!
          const bi = f[im + k * step]!
          const cr = f[re + (radix - k) * step]!
          const ci = f[im + (radix - k) * step]!
          const at = 4 * (k - 1)
          sums[at] = br + cr
          sums[at + 1] = bi + ci
          sums[at + 2] = br - cr
          sums[at + 3] = bi - ci
          totalRe += sums[at]
          totalIm += sums[at + 1]!
        }
        f[toRe] = totalRe
        f[toIm] = totalIm
        for (let j = 1; j <= half; j++) {
          let mr = ar
          let mi = ai
          let dr = 0
          let di = 0
          let root = roots + 2 * half * (j - 1)
          for (let at = 0; at < 4 * half; at += 4, root += 2) {
            const c = f[root]!
            const s = f[root + 1]!
            mr += sums[at]! * c
            mi += sums[at + 1]! * c
            dr += sums[at + 2]! * s
            di += sums[at + 3]! * s
          }
          const xr = mr - di
          const xi = mi + dr
          const yr = mr + di
          const yi = mi - dr
          const wx = w + 2 * (j - 1)
          const wy = w + 2 * (radix - j - 1)
          f[toRe + j * stride] = xr * f[wx]! - xi * f[wx + 1]!
          f[toIm + j * stride] = xr * f[wx + 1]! + xi * f[wx]!
          f[toRe + (radix - j) * stride] = yr * f[wy]! - yi * f[wy + 1]!
          f[toIm + (radix - j) * stride] = yr * f[wy + 1]! + yi * f[wy]!
        }
      }
    }
  }
}
