import { storePair } from './turn'
import { vector } from './vector'

/** Any odd radix, four lanes at a time, so that a root is loaded once for two vectors. `sums` is scratch: 128 bytes a pair. */
export function passOdd(
  radix: usize,
  toRe: usize,
  toIm: usize,
  re: usize,
  im: usize,
  butterflies: usize,
  stride: usize,
  w: usize,
  roots: usize,
  sums: usize,
): void {
  const half = (radix - 1) / 2
  const sumsEnd = sums + half * 128
  const step = butterflies * stride
  const zero = f64x2.splat(0)
  for (let p: usize = 0; p < butterflies; p++) {
    for (let q: usize = 0; q < stride; q += 2 * vector) {
      const ar = v128.load(re)
      const ai = v128.load(im)
      const ar2 = v128.load(re, 16)
      const ai2 = v128.load(im, 16)
      let totalRe = ar
      let totalIm = ai
      let totalRe2 = ar2
      let totalIm2 = ai2
      let up = step
      let down = (radix - 1) * step
      for (let at = sums; at < sumsEnd; at += 128) {
        const br = v128.load(re + up)
        const bi = v128.load(im + up)
        const cr = v128.load(re + down)
        const ci = v128.load(im + down)
        const br2 = v128.load(re + up, 16)
        const bi2 = v128.load(im + up, 16)
        const cr2 = v128.load(re + down, 16)
        const ci2 = v128.load(im + down, 16)
        const sr = f64x2.add(br, cr)
        const si = f64x2.add(bi, ci)
        const sr2 = f64x2.add(br2, cr2)
        const si2 = f64x2.add(bi2, ci2)
        v128.store(at, sr)
        v128.store(at, si, 16)
        v128.store(at, f64x2.sub(br, cr), 32)
        v128.store(at, f64x2.sub(bi, ci), 48)
        v128.store(at, sr2, 64)
        v128.store(at, si2, 80)
        v128.store(at, f64x2.sub(br2, cr2), 96)
        v128.store(at, f64x2.sub(bi2, ci2), 112)
        totalRe = f64x2.add(totalRe, sr)
        totalIm = f64x2.add(totalIm, si)
        totalRe2 = f64x2.add(totalRe2, sr2)
        totalIm2 = f64x2.add(totalIm2, si2)
        up += step
        down -= step
      }
      v128.store(toRe, totalRe)
      v128.store(toIm, totalIm)
      v128.store(toRe, totalRe2, 16)
      v128.store(toIm, totalIm2, 16)
      let root = roots
      let first = stride
      let second = (radix - 1) * stride
      let wFirst = w
      let wSecond = w + (radix - 2) * 16
      for (let j: usize = 1; j <= half; j++) {
        let mr = ar
        let mi = ai
        let dr = zero
        let di = zero
        let mr2 = ar2
        let mi2 = ai2
        let dr2 = zero
        let di2 = zero
        for (let at = sums; at < sumsEnd; at += 128) {
          const c = v128.load64_splat(root)
          const s = v128.load64_splat(root, 8)
          root += 16
          mr = f64x2.add(mr, f64x2.mul(v128.load(at), c))
          mi = f64x2.add(mi, f64x2.mul(v128.load(at, 16), c))
          dr = f64x2.add(dr, f64x2.mul(v128.load(at, 32), s))
          di = f64x2.add(di, f64x2.mul(v128.load(at, 48), s))
          mr2 = f64x2.add(mr2, f64x2.mul(v128.load(at, 64), c))
          mi2 = f64x2.add(mi2, f64x2.mul(v128.load(at, 80), c))
          dr2 = f64x2.add(dr2, f64x2.mul(v128.load(at, 96), s))
          di2 = f64x2.add(di2, f64x2.mul(v128.load(at, 112), s))
        }
        storePair(toRe, toIm, first, second, mr, mi, dr, di, wFirst, wSecond)
        storePair(toRe + 16, toIm + 16, first, second, mr2, mi2, dr2, di2, wFirst, wSecond)
        first += stride
        second -= stride
        wFirst += 16
        wSecond -= 16
      }
      re += 2 * vector
      im += 2 * vector
      toRe += 2 * vector
      toIm += 2 * vector
    }
    w += 16 * (radix - 1)
    toRe += (radix - 1) * stride
    toIm += (radix - 1) * stride
  }
}
