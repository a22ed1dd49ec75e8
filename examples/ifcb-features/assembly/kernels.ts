/**
 * The inner loops in AssemblyScript: two float64 at a time. Positions are bytes. What each does, and why results are those of
 * the TypeScript ones bit for bit, is said in src/kernels/kernels.ts: the operations are the same, in the same order.
 */
const vector: usize = 16

export function filterRows(
  toRe: usize,
  toIm: usize,
  fromRe: usize,
  fromIm: usize,
  gain: usize,
  wedge: usize,
  rows: usize,
  stride: usize,
  lanes: usize,
): void {
  for (let r: usize = 0; r < rows; r++) {
    let at: usize = r * stride
    for (const end = at + lanes; at < end; at += vector) {
      const factor = f64x2.mul(v128.load(gain + at), v128.load(wedge + at))
      v128.store(toRe, f64x2.mul(v128.load(fromRe + at), factor))
      v128.store(toIm, f64x2.mul(v128.load(fromIm + at), factor))
      toRe += vector
      toIm += vector
    }
  }
}

export function gatherRows(
  toRe: usize,
  toIm: usize,
  fromRe: usize,
  fromIm: usize,
  rows: usize,
  stride: usize,
  lanes: usize,
): void {
  for (let r: usize = 0; r < rows; r++) {
    let at: usize = r * stride
    for (const end = at + lanes; at < end; at += vector) {
      v128.store(toRe, v128.load(fromRe + at))
      v128.store(toIm, v128.load(fromIm + at))
      toRe += vector
      toIm += vector
    }
  }
}

/** One part, real or imaginary: squares of two by two are turned in registers. */
export function transposeRows(
  to: usize,
  from: usize,
  rows: usize,
  stride: usize,
  lanes: usize,
): void {
  const pairs = rows & ~1
  for (let l: usize = 0; l < lanes; l += vector) {
    let left = to + (l >> 3) * stride
    let right = left + stride
    let at = from + l
    for (let r: usize = 0; r < pairs; r += 2) {
      const a = v128.load(at)
      const b = v128.load(at + lanes)
      v128.store(left, v128.shuffle<f64>(a, b, 0, 2))
      v128.store(right, v128.shuffle<f64>(a, b, 1, 3))
      at += 2 * lanes
      left += vector
      right += vector
    }
    if (pairs < rows) {
      const a = v128.load(at)
      f64.store(left, f64x2.extract_lane(a, 0))
      f64.store(right, f64x2.extract_lane(a, 1))
    }
  }
}

export function scaleRows(
  toRe: usize,
  toIm: usize,
  fromRe: usize,
  fromIm: usize,
  factors: usize,
  rows: usize,
  lanes: usize,
): void {
  let at: usize = 0
  for (let r: usize = 0; r < rows; r++) {
    const wr = v128.load64_splat(factors)
    const wi = v128.load64_splat(factors, 8)
    factors += vector
    for (const end = at + lanes; at < end; at += vector)
      storeTurned(toRe + at, toIm + at, v128.load(fromRe + at), v128.load(fromIm + at), wr, wi)
  }
}

/** Stores (re + i im) (wr + i wi). */
function storeTurned(toRe: usize, toIm: usize, re: v128, im: v128, wr: v128, wi: v128): void {
  v128.store(toRe, f64x2.sub(f64x2.mul(re, wr), f64x2.mul(im, wi)))
  v128.store(toIm, f64x2.add(f64x2.mul(re, wi), f64x2.mul(im, wr)))
}

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

/** Outputs j and radix - j, whose even part is m and whose odd part is i d, each turned by its twiddle. */
function storePair(
  toRe: usize,
  toIm: usize,
  first: usize,
  second: usize,
  mr: v128,
  mi: v128,
  dr: v128,
  di: v128,
  wFirst: usize,
  wSecond: usize,
): void {
  storeTurned(
    toRe + first,
    toIm + first,
    f64x2.sub(mr, di),
    f64x2.add(mi, dr),
    v128.load64_splat(wFirst),
    v128.load64_splat(wFirst, 8),
  )
  storeTurned(
    toRe + second,
    toIm + second,
    f64x2.add(mr, di),
    f64x2.sub(mi, dr),
    v128.load64_splat(wSecond),
    v128.load64_splat(wSecond, 8),
  )
}

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

/** Eight pointers rather than four blocks: a block is not a thing that WebAssembly is given. */
export function energy(
  amplitude: usize,
  energy: usize,
  sum: usize,
  maximum: usize,
  re0: usize,
  im0: usize,
  re1: usize,
  im1: usize,
  re2: usize,
  im2: usize,
  re3: usize,
  im3: usize,
  rows: usize,
  stride: usize,
  lanes: usize,
): void {
  const epsilon = f64x2.splat(1e-4)
  let at: usize = 0
  for (let r: usize = 0; r < rows; r++) {
    let to = r * stride
    for (const end = to + lanes; to < end; to += vector) {
      const e0 = v128.load(re0 + at)
      const o0 = v128.load(im0 + at)
      const e1 = v128.load(re1 + at)
      const o1 = v128.load(im1 + at)
      const e2 = v128.load(re2 + at)
      const o2 = v128.load(im2 + at)
      const e3 = v128.load(re3 + at)
      const o3 = v128.load(im3 + at)
      const a0 = lengthOf(e0, o0)
      const a1 = lengthOf(e1, o1)
      const a2 = lengthOf(e2, o2)
      const a3 = lengthOf(e3, o3)
      const even = f64x2.add(f64x2.add(f64x2.add(e0, e1), e2), e3)
      const odd = f64x2.add(f64x2.add(f64x2.add(o0, o1), o2), o3)
      const length = f64x2.add(lengthOf(even, odd), epsilon)
      const meanEven = f64x2.div(even, length)
      const meanOdd = f64x2.div(odd, length)
      let result = f64x2.add(f64x2.mul(even, meanEven), f64x2.mul(odd, meanOdd))
      result = f64x2.sub(result, acrossOf(e0, o0, meanEven, meanOdd))
      result = f64x2.sub(result, acrossOf(e1, o1, meanEven, meanOdd))
      result = f64x2.sub(result, acrossOf(e2, o2, meanEven, meanOdd))
      result = f64x2.sub(result, acrossOf(e3, o3, meanEven, meanOdd))
      v128.store(amplitude + to, a0)
      v128.store(energy + to, result)
      v128.store(sum + to, f64x2.add(f64x2.add(f64x2.add(a0, a1), a2), a3))
      v128.store(maximum + to, f64x2.max(f64x2.max(f64x2.max(a0, a1), a2), a3))
      at += vector
    }
  }
}

function lengthOf(re: v128, im: v128): v128 {
  return f64x2.sqrt(f64x2.add(f64x2.mul(re, re), f64x2.mul(im, im)))
}

function acrossOf(even: v128, odd: v128, meanEven: v128, meanOdd: v128): v128 {
  return f64x2.abs(f64x2.sub(f64x2.mul(even, meanOdd), f64x2.mul(odd, meanEven)))
}
