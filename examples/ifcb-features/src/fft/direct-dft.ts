/** X[k] = Σ x[j] exp(±2πi jk / n), by its definition. The angles are reduced in whole numbers: jk mod n. For comparison only. */
export function directDft(
  re: ArrayLike<number>,
  im: ArrayLike<number>,
  sign: 1 | -1,
): { re: Float64Array; im: Float64Array } {
  const n = re.length
  const cos = Float64Array.from({ length: n }, (_, k) => Math.cos((2 * Math.PI * k) / n))
  const sin = Float64Array.from({ length: n }, (_, k) => sign * Math.sin((2 * Math.PI * k) / n))
  const to = { re: new Float64Array(n), im: new Float64Array(n) }
  for (let k = 0; k < n; k++) {
    let sumRe = 0
    let sumIm = 0
    for (let j = 0, angle = 0; j < n; j++, angle = (angle + k) % n) {
      sumRe += re[j]! * cos[angle]! - im[j]! * sin[angle]!
      sumIm += re[j]! * sin[angle]! + im[j]! * cos[angle]!
    }
    to.re[k] = sumRe
    to.im[k] = sumIm
  }
  return to
}
