import { createHeap, type GrowingMemory } from './create-heap.ts'
import type { Kernels } from './kernels.ts'
import { simdBinary } from './simd-binary.ts'
import { webAssembly, type WasmMemory } from './web-assembly.ts'

type Exports = Record<
  | 'filterRows'
  | 'gatherRows'
  | 'transposeRows'
  | 'scaleRows'
  | 'pass2'
  | 'pass3'
  | 'pass4'
  | 'pass5'
  | 'passOdd'
  | 'energy',
  (...positions: number[]) => void
>

const pageBytes = 65_536

/** The kernels in WebAssembly (assembly/kernels), or undefined where the engine has no SIMD. */
export function simdKernels(): Kernels | undefined {
  const binary = Buffer.from(simdBinary, 'base64')
  if (!webAssembly?.validate(binary)) return undefined
  const memory = new webAssembly.Memory({ initial: 16, maximum: 65_536 })
  const module = new webAssembly.Module(binary)
  const { exports } = new webAssembly.Instance(module, { env: { memory } })
  return kernelsOf(exports as Exports, growing(memory))
}

const growing = (memory: WasmMemory): GrowingMemory => ({
  get buffer() {
    return memory.buffer
  },
  grow(bytes) {
    memory.grow(Math.ceil((bytes - memory.buffer.byteLength) / pageBytes))
  },
})

/** WebAssembly takes positions in bytes. */
function kernelsOf(wasm: Exports, memory: GrowingMemory): Kernels {
  const heap = createHeap(memory)
  return {
    heap,
    filterRows(to, from, gain, wedge, rows, stride, lanes) {
      wasm.filterRows(
        to.re * 8,
        to.im * 8,
        from.re * 8,
        from.im * 8,
        gain * 8,
        wedge * 8,
        rows,
        stride * 8,
        lanes * 8,
      )
    },
    gatherRows(to, from, rows, stride, lanes) {
      wasm.gatherRows(to.re * 8, to.im * 8, from.re * 8, from.im * 8, rows, stride * 8, lanes * 8)
    },
    transposeRows(to, from, rows, stride, lanes) {
      wasm.transposeRows(to.re * 8, from.re * 8, rows, stride * 8, lanes * 8)
      wasm.transposeRows(to.im * 8, from.im * 8, rows, stride * 8, lanes * 8)
    },
    scaleRows(to, from, factors, rows, lanes) {
      wasm.scaleRows(to.re * 8, to.im * 8, from.re * 8, from.im * 8, factors * 8, rows, lanes * 8)
    },
    pass(radix, to, from, butterflies, stride, twiddles, roots) {
      const [toRe, toIm, re, im] = [to.re * 8, to.im * 8, from.re * 8, from.im * 8]
      const [bytes, w, r] = [stride * 8, twiddles * 8, roots * 8]
      if (radix === 4) wasm.pass4(toRe, toIm, re, im, butterflies, bytes, w)
      else if (radix === 2) wasm.pass2(toRe, toIm, re, im, butterflies, bytes, w)
      else if (radix === 3) wasm.pass3(toRe, toIm, re, im, butterflies, bytes, w)
      else if (radix === 5) wasm.pass5(toRe, toIm, re, im, butterflies, bytes, w, r)
      else wasm.passOdd(radix, toRe, toIm, re, im, butterflies, bytes, w, r, 0)
    },
    energy(out, [a, b, c, d], rows, stride, lanes) {
      wasm.energy(
        out.amplitude * 8,
        out.energy * 8,
        out.sum * 8,
        out.maximum * 8,
        a.re * 8,
        a.im * 8,
        b.re * 8,
        b.im * 8,
        c.re * 8,
        c.im * 8,
        d.re * 8,
        d.im * 8,
        rows,
        stride * 8,
        lanes * 8,
      )
    },
  }
}
