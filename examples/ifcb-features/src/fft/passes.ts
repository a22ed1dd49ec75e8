import type { Block, Kernels } from '../kernels/kernels.ts'
import type { Transform } from './transform.ts'

/** A transform whose length has small factors: one pass for each of them, between two blocks, without reordering. */
export function passesOf(kernels: Kernels, length: number, radices: readonly number[]): Transform {
  let rest = length
  const passes = radices.map((radix) => {
    const butterflies = rest / radix
    const pass = {
      radix,
      butterflies,
      before: length / rest,
      twiddles: twiddlesOf(kernels, radix, butterflies),
      roots: radix > 5 || radix === 5 ? rootsOf(kernels, radix) : 0,
    }
    rest = butterflies
    return pass
  })
  const inputOf = (result: Block, scratch: Block) => (passes.length % 2 === 0 ? result : scratch)
  return {
    length,
    rows: length,
    inputOf,
    run(result, scratch, lanes) {
      let source = inputOf(result, scratch)
      let target = source === result ? scratch : result
      for (const { radix, butterflies, before, twiddles, roots } of passes) {
        kernels.pass(radix, target, source, butterflies, before * lanes, twiddles, roots)
        ;[source, target] = [target, source]
      }
    },
  }
}

/** For each butterfly p: exp(+2πi pj / (radix * butterflies)) for j = 1 … radix - 1. */
function twiddlesOf({ heap }: Kernels, radix: number, butterflies: number): number {
  const n = radix * butterflies
  const at = heap.allocate(2 * (radix - 1) * butterflies)
  const f = heap.f64
  let to = at
  for (let p = 0; p < butterflies; p++)
    for (let j = 1; j < radix; j++) {
      const [re, im] = unit(p * j, n)
      f[to++] = re
      f[to++] = im
    }
  return at
}

/** exp(+2πi jk / radix) for outputs j and inputs k, both 1 … (radix - 1) / 2: the others are these, mirrored. */
function rootsOf({ heap }: Kernels, radix: number): number {
  const half = (radix - 1) / 2
  const at = heap.allocate(2 * half * half)
  const f = heap.f64
  let to = at
  for (let j = 1; j <= half; j++)
    for (let k = 1; k <= half; k++) {
      const [re, im] = unit(j * k, radix)
      f[to++] = re
      f[to++] = im
    }
  return at
}

/** exp(+2πi k / n), the angle reduced in whole numbers first: a large one would lose digits. */
export function unit(k: number, n: number): readonly [re: number, im: number] {
  const angle = (2 * Math.PI * (k % n)) / n
  return [Math.cos(angle), Math.sin(angle)]
}
