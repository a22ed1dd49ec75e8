import { storePair, storeTurned } from './turn'
import { vector } from './vector'

export function pass2(
  toRe: usize,
  toIm: usize,
  re: usize,
  im: usize,
  butterflies: usize,
  stride: usize,
  w: usize,
): void {
  const step = butterflies * stride
  for (let p: usize = 0; p < butterflies; p++) {
    const wr = v128.load64_splat(w)
    const wi = v128.load64_splat(w, 8)
    w += 16
    for (let q: usize = 0; q < stride; q += vector) {
      const ar = v128.load(re)
      const ai = v128.load(im)
      const br = v128.load(re + step)
      const bi = v128.load(im + step)
      v128.store(toRe, f64x2.add(ar, br))
      v128.store(toIm, f64x2.add(ai, bi))
      storeTurned(toRe + stride, toIm + stride, f64x2.sub(ar, br), f64x2.sub(ai, bi), wr, wi)
      re += vector
      im += vector
      toRe += vector
      toIm += vector
    }
    toRe += stride
    toIm += stride
  }
}

export function pass3(
  toRe: usize,
  toIm: usize,
  re: usize,
  im: usize,
  butterflies: usize,
  stride: usize,
  w: usize,
): void {
  const step = butterflies * stride
  const half = f64x2.splat(0.5)
  const sin60 = f64x2.splat(0.8660254037844386)
  for (let p: usize = 0; p < butterflies; p++) {
    const w1r = v128.load64_splat(w)
    const w1i = v128.load64_splat(w, 8)
    const w2r = v128.load64_splat(w, 16)
    const w2i = v128.load64_splat(w, 24)
    w += 32
    for (let q: usize = 0; q < stride; q += vector) {
      const ar = v128.load(re)
      const ai = v128.load(im)
      const br = v128.load(re + step)
      const bi = v128.load(im + step)
      const cr = v128.load(re + 2 * step)
      const ci = v128.load(im + 2 * step)
      const tr = f64x2.add(br, cr)
      const ti = f64x2.add(bi, ci)
      v128.store(toRe, f64x2.add(ar, tr))
      v128.store(toIm, f64x2.add(ai, ti))
      const mr = f64x2.sub(ar, f64x2.mul(tr, half))
      const mi = f64x2.sub(ai, f64x2.mul(ti, half))
      const dr = f64x2.mul(f64x2.sub(br, cr), sin60)
      const di = f64x2.mul(f64x2.sub(bi, ci), sin60)
      storeTurned(toRe + stride, toIm + stride, f64x2.sub(mr, di), f64x2.add(mi, dr), w1r, w1i)
      const third = 2 * stride
      storeTurned(toRe + third, toIm + third, f64x2.add(mr, di), f64x2.sub(mi, dr), w2r, w2i)
      re += vector
      im += vector
      toRe += vector
      toIm += vector
    }
    toRe += 2 * stride
    toIm += 2 * stride
  }
}

export function pass4(
  toRe: usize,
  toIm: usize,
  re: usize,
  im: usize,
  butterflies: usize,
  stride: usize,
  w: usize,
): void {
  const step = butterflies * stride
  for (let p: usize = 0; p < butterflies; p++) {
    const w1r = v128.load64_splat(w)
    const w1i = v128.load64_splat(w, 8)
    const w2r = v128.load64_splat(w, 16)
    const w2i = v128.load64_splat(w, 24)
    const w3r = v128.load64_splat(w, 32)
    const w3i = v128.load64_splat(w, 40)
    w += 48
    for (let q: usize = 0; q < stride; q += vector) {
      const ar = v128.load(re)
      const ai = v128.load(im)
      const br = v128.load(re + step)
      const bi = v128.load(im + step)
      const cr = v128.load(re + 2 * step)
      const ci = v128.load(im + 2 * step)
      const dr = v128.load(re + 3 * step)
      const di = v128.load(im + 3 * step)
      const sr = f64x2.add(ar, cr)
      const si = f64x2.add(ai, ci)
      const ur = f64x2.sub(ar, cr)
      const ui = f64x2.sub(ai, ci)
      const tr = f64x2.add(br, dr)
      const ti = f64x2.add(bi, di)
      const vr = f64x2.sub(br, dr)
      const vi = f64x2.sub(bi, di)
      v128.store(toRe, f64x2.add(sr, tr))
      v128.store(toIm, f64x2.add(si, ti))
      storeTurned(toRe + stride, toIm + stride, f64x2.sub(ur, vi), f64x2.add(ui, vr), w1r, w1i)
      const third = 2 * stride
      storeTurned(toRe + third, toIm + third, f64x2.sub(sr, tr), f64x2.sub(si, ti), w2r, w2i)
      const fourth = 3 * stride
      storeTurned(toRe + fourth, toIm + fourth, f64x2.add(ur, vi), f64x2.sub(ui, vr), w3r, w3i)
      re += vector
      im += vector
      toRe += vector
      toIm += vector
    }
    toRe += 3 * stride
    toIm += 3 * stride
  }
}

/** As passOdd of radix 5, unrolled. `roots`: cos and sin of 72°, 144°; 144°, 288°. */
export function pass5(
  toRe: usize,
  toIm: usize,
  re: usize,
  im: usize,
  butterflies: usize,
  stride: usize,
  w: usize,
  roots: usize,
): void {
  const step = butterflies * stride
  const c11 = v128.load64_splat(roots)
  const s11 = v128.load64_splat(roots, 8)
  const c12 = v128.load64_splat(roots, 16)
  const s12 = v128.load64_splat(roots, 24)
  const c21 = v128.load64_splat(roots, 32)
  const s21 = v128.load64_splat(roots, 40)
  const c22 = v128.load64_splat(roots, 48)
  const s22 = v128.load64_splat(roots, 56)
  for (let p: usize = 0; p < butterflies; p++) {
    for (let q: usize = 0; q < stride; q += vector) {
      const ar = v128.load(re)
      const ai = v128.load(im)
      const b1r = v128.load(re + step)
      const b1i = v128.load(im + step)
      const b2r = v128.load(re + 2 * step)
      const b2i = v128.load(im + 2 * step)
      const b3r = v128.load(re + 3 * step)
      const b3i = v128.load(im + 3 * step)
      const b4r = v128.load(re + 4 * step)
      const b4i = v128.load(im + 4 * step)
      const p1r = f64x2.add(b1r, b4r)
      const p1i = f64x2.add(b1i, b4i)
      const m1r = f64x2.sub(b1r, b4r)
      const m1i = f64x2.sub(b1i, b4i)
      const p2r = f64x2.add(b2r, b3r)
      const p2i = f64x2.add(b2i, b3i)
      const m2r = f64x2.sub(b2r, b3r)
      const m2i = f64x2.sub(b2i, b3i)
      v128.store(toRe, f64x2.add(f64x2.add(ar, p1r), p2r))
      v128.store(toIm, f64x2.add(f64x2.add(ai, p1i), p2i))
      let mr = f64x2.add(f64x2.add(ar, f64x2.mul(p1r, c11)), f64x2.mul(p2r, c12))
      let mi = f64x2.add(f64x2.add(ai, f64x2.mul(p1i, c11)), f64x2.mul(p2i, c12))
      let dr = f64x2.add(f64x2.mul(m1r, s11), f64x2.mul(m2r, s12))
      let di = f64x2.add(f64x2.mul(m1i, s11), f64x2.mul(m2i, s12))
      storePair(toRe, toIm, stride, 4 * stride, mr, mi, dr, di, w, w + 48)
      mr = f64x2.add(f64x2.add(ar, f64x2.mul(p1r, c21)), f64x2.mul(p2r, c22))
      mi = f64x2.add(f64x2.add(ai, f64x2.mul(p1i, c21)), f64x2.mul(p2i, c22))
      dr = f64x2.add(f64x2.mul(m1r, s21), f64x2.mul(m2r, s22))
      di = f64x2.add(f64x2.mul(m1i, s21), f64x2.mul(m2i, s22))
      storePair(toRe, toIm, 2 * stride, 3 * stride, mr, mi, dr, di, w + 16, w + 32)
      re += vector
      im += vector
      toRe += vector
      toIm += vector
    }
    w += 64
    toRe += 4 * stride
    toIm += 4 * stride
  }
}
