import { directDft } from '../fft/direct-dft.ts'

/**
 * The edge map by its definition: whole planes, all 24 filters by their formulas with angles, transforms by their definition,
 * moments by their covariance. Shares no formula with the one that is tested, and is slow.
 */
export function literalEdgeMap(pixels: ArrayLike<number>, w: number, h: number): Float64Array {
  const n = w * h
  const [u, v] = [grid(w), grid(h)]
  const image = transform2(Float64Array.from(pixels), new Float64Array(n), w, h, -1)
  const parts = Array.from({ length: 6 }, (_, o) => {
    const angle = (o * Math.PI) / 6
    const responses = Array.from({ length: 4 }, (_, s) => {
      const re = new Float64Array(n)
      const im = new Float64Array(n)
      for (let i = 0; i < n; i++) {
        const gain = filterAt(u[i % w]!, v[Math.floor(i / w)]!, s, angle) / n
        re[i] = image.re[i]! * gain
        im[i] = image.im[i]! * gain
      }
      return transform2(re, im, w, h, 1)
    })
    return { angle, pc: congruency(responses, n) }
  })
  return Float64Array.from({ length: n }, (_, i) => {
    let [cx2, cy2, cxy] = [0, 0, 0]
    for (const { angle, pc } of parts) {
      cx2 += (pc[i]! * Math.cos(angle)) ** 2 / 3
      cy2 += (pc[i]! * Math.sin(angle)) ** 2 / 3
      cxy += (pc[i]! * Math.cos(angle) * (pc[i]! * Math.sin(angle)) * 4) / 6
    }
    const den = Math.sqrt(cxy ** 2 + (cx2 - cy2) ** 2) + 1e-4
    return (cx2 + cy2 + den) / 2 + (cx2 + cy2 - den) / 2
  })
}

function grid(n: number): number[] {
  const u = Array.from({ length: n }, (_, i) =>
    n % 2 === 1 ? (-(n - 1) / 2 + i) / (n - 1) : (-n / 2 + i) / n,
  )
  const zero = Math.floor(n / 2)
  return [...u.slice(zero), ...u.slice(0, zero)] // ifftshift
}

function filterAt(x: number, y: number, scale: number, a: number): number {
  const r = Math.sqrt(x * x + y * y)
  if (r === 0) return 0
  const theta = Math.atan2(-y, x)
  const lowPass = 1 / (1 + (r / 0.45) ** 30)
  const f0 = 1 / (2 * 2.5 ** scale)
  const radial = Math.exp(-(Math.log(r / f0) ** 2) / (2 * Math.log(0.55) ** 2)) * lowPass
  const ds = Math.sin(theta) * Math.cos(a) - Math.cos(theta) * Math.sin(a)
  const dc = Math.cos(theta) * Math.cos(a) + Math.sin(theta) * Math.sin(a)
  const d = Math.min((Math.abs(Math.atan2(ds, dc)) * 6) / 2, Math.PI)
  return (radial * (Math.cos(d) + 1)) / 2
}

interface Complex {
  re: Float64Array
  im: Float64Array
}

function congruency(responses: Complex[], n: number): Float64Array {
  const amplitude = responses.map(({ re, im }) =>
    Float64Array.from(re, (_, i) => Math.hypot(re[i]!, im[i]!)),
  )
  const sorted = amplitude[0]!.toSorted()
  const median = n % 2 ? sorted[n >> 1]! : (sorted[n / 2 - 1]! + sorted[n / 2]!) / 2
  const tau = median / Math.sqrt(Math.log(4))
  const tt = (tau * (1 - (1 / 2.5) ** 4)) / (1 - 1 / 2.5)
  const noise = Math.max(tt * Math.sqrt(Math.PI / 2) + 2 * tt * Math.sqrt((4 - Math.PI) / 2), 1e-4)
  return Float64Array.from({ length: n }, (_, i) => {
    const sum = (of: (s: number) => number) => [0, 1, 2, 3].reduce((total, s) => total + of(s), 0)
    const re = (s: number) => responses[s]!.re[i]!
    const im = (s: number) => responses[s]!.im[i]!
    const x = Math.sqrt(sum(re) ** 2 + sum(im) ** 2) + 1e-4
    const [mE, mO] = [sum(re) / x, sum(im) / x]
    const energy = sum((s) => re(s) * mE + im(s) * mO - Math.abs(re(s) * mO - im(s) * mE))
    const total = sum((s) => amplitude[s]![i]!)
    const most = Math.max(...[0, 1, 2, 3].map((s) => amplitude[s]![i]!))
    const width = (total / (most + 1e-4) - 1) / 3
    const weight = 1 / (1 + Math.exp(5 * (0.3 - width)))
    return (weight * Math.max(energy - noise, 0)) / total
  })
}

function transform2(re: Float64Array, im: Float64Array, w: number, h: number, sign: 1 | -1) {
  const to = { re: re.slice(), im: im.slice() }
  const along = (start: number, step: number, count: number) => {
    const at = Array.from({ length: count }, (_, i) => start + i * step)
    const line = directDft(
      at.map((i) => to.re[i]!),
      at.map((i) => to.im[i]!),
      sign,
    )
    for (const [k, i] of at.entries()) {
      to.re[i] = line.re[k]!
      to.im[i] = line.im[k]!
    }
  }
  for (let y = 0; y < h; y++) along(y * w, 1, w)
  for (let x = 0; x < w; x++) along(x, w, h)
  return to
}
