import { describe, expect, it } from 'vitest'
import { compileKernels } from '../../assembly/compile.ts'
import type { Kernels } from './kernels.ts'
import { simdBinary } from './simd-binary.ts'
import { simdKernels } from './simd-kernels.ts'
import { typescriptKernels } from './typescript-kernels.ts'

describe('the kernels in WebAssembly', () => {
  it('are what their source compiles to', async () => {
    expect(Buffer.from(await compileKernels()).toString('base64')).toBe(simdBinary)
  })

  // The passes are compared where transforms are, and all together where edge maps and images are.
  it('move, filter and scale rows as the ones in TypeScript do, for odd numbers of rows too', () => {
    const results = [simdKernels()!, typescriptKernels()].map((kernels) => {
      const { heap } = kernels
      const noise = (length: number) => {
        const at = heap.allocate(length)
        for (let i = 0; i < length; i++) heap.f64[at + i] = Math.sin(i * i + at)
        return at
      }
      const [rows, stride, lanes] = [7, 20, 12]
      const block = () => ({ re: noise(rows * stride), im: noise(rows * stride) })
      const from = block()
      const [gain, wedge, factors] = [noise(200), noise(200), noise(2 * rows)]
      const steps: ((to: ReturnType<typeof block>, k: Kernels) => void)[] = [
        (to, k) => k.gatherRows(to, from, rows, stride, lanes),
        (to, k) => k.filterRows(to, from, gain, wedge, rows, stride, lanes),
        (to, k) => k.scaleRows(to, from, factors, rows, lanes),
        (to, k) => k.transposeRows(to, from, rows, 9, lanes),
      ]
      return steps.map((step) => {
        const to = block()
        step(to, kernels)
        return [to.re, to.im].map((at) => heap.f64.slice(at, at + rows * stride))
      })
    })
    expect(results[0]).toEqual(results[1])
  })

  it('keep what is on the heap when it grows', () => {
    for (const kernels of [simdKernels()!, typescriptKernels()]) {
      const { heap } = kernels
      const at = heap.allocate(1000)
      heap.f64.fill(7, at, at + 1000)
      heap.allocate(3_000_000)
      expect(heap.f64.length).toBeGreaterThan(3_000_000)
      expect(heap.f64.subarray(at, at + 1000).every((value) => value === 7)).toBe(true)
    }
  })
})
