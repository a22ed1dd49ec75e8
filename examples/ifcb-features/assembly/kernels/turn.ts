/** Stores (re + i im) (wr + i wi). */
export function storeTurned(
  toRe: usize,
  toIm: usize,
  re: v128,
  im: v128,
  wr: v128,
  wi: v128,
): void {
  v128.store(toRe, f64x2.sub(f64x2.mul(re, wr), f64x2.mul(im, wi)))
  v128.store(toIm, f64x2.add(f64x2.mul(re, wi), f64x2.mul(im, wr)))
}

/** Outputs j and radix - j, whose even part is m and whose odd part is i d, each turned by its twiddle. */
export function storePair(
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
