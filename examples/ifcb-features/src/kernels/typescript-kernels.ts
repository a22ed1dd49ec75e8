import { createHeap, plainMemory } from './create-heap.ts'
import type { Kernels } from './kernels.ts'
import { pass2, pass3, pass4, passOdd, type Pass } from './typescript-passes.ts'

/** The kernels for an engine without WebAssembly SIMD, and what the others are compared with. */
export function typescriptKernels(): Kernels {
  const heap = createHeap(plainMemory())
  const passes = new Map<number, Pass>([
    [2, pass2],
    [3, pass3],
    [4, pass4],
  ])
  return {
    heap,
    filterRows(block, source, gain, wedge, rows, stride, lanes) {
      const f = heap.f64
      for (let r = 0; r < rows; r++)
        for (let l = 0; l < lanes; l++) {
          const from = r * stride + l
          const to = r * lanes + l
          const factor = f[gain + from]! * f[wedge + from]!
          f[block.re + to] = f[source.re + from]! * factor
          f[block.im + to] = f[source.im + from]! * factor
        }
    },
    gatherRows(block, source, rows, stride, lanes) {
      const f = heap.f64
      for (let r = 0; r < rows; r++)
        for (let l = 0; l < lanes; l++) {
          f[block.re + r * lanes + l] = f[source.re + r * stride + l]!
          f[block.im + r * lanes + l] = f[source.im + r * stride + l]!
        }
    },
    transposeRows(target, block, rows, stride, lanes) {
      const f = heap.f64
      for (let l = 0; l < lanes; l++)
        for (let r = 0; r < rows; r++) {
          f[target.re + l * stride + r] = f[block.re + r * lanes + l]!
          f[target.im + l * stride + r] = f[block.im + r * lanes + l]!
        }
    },
    scaleRows(target, source, factors, rows, lanes) {
      const f = heap.f64
      for (let r = 0; r < rows; r++) {
        const wr = f[factors + 2 * r]!
        const wi = f[factors + 2 * r + 1]!
        for (let l = 0; l < lanes; l++) {
          const at = r * lanes + l
          const re = f[source.re + at]!
          const im = f[source.im + at]!
          f[target.re + at] = re * wr - im * wi
          f[target.im + at] = re * wi + im * wr
        }
      }
    },
    pass(radix, target, source, butterflies, stride, twiddles, roots) {
      let pass = passes.get(radix)
      if (!pass) passes.set(radix, (pass = passOdd(radix)))
      pass(heap.f64, target, source, butterflies, stride, twiddles, roots)
    },
    energy(out, responses, rows, stride, lanes) {
      const f = heap.f64
      for (let r = 0; r < rows; r++)
        for (let l = 0; l < lanes; l++) {
          const at = r * lanes + l
          const to = r * stride + l
          let even = 0
          let odd = 0
          let sum = 0
          let maximum = 0
          for (const [scale, { re, im }] of responses.entries()) {
            const e = f[re + at]!
            const o = f[im + at]!
            const amplitude = Math.sqrt(e * e + o * o)
            if (scale === 0) f[out.amplitude + to] = amplitude
            even += e
            odd += o
            sum += amplitude
            maximum = Math.max(maximum, amplitude)
          }
          const length = Math.sqrt(even * even + odd * odd) + 1e-4
          const meanEven = even / length
          const meanOdd = odd / length
          let energy = even * meanEven + odd * meanOdd
          for (const { re, im } of responses)
            energy -= Math.abs(f[re + at]! * meanOdd - f[im + at]! * meanEven)
          f[out.energy + to] = energy
          f[out.sum + to] = sum
          f[out.maximum + to] = maximum
        }
    },
  }
}
