import { storeTurned } from './turn'
import { vector } from './vector'

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
