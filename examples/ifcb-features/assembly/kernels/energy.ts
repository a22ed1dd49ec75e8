import { vector } from './vector'

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
