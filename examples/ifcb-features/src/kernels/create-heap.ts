import { oddScratch, type Heap } from './kernels.ts'

/** Memory that can become larger; its first bytes stay what they are. */
export interface GrowingMemory {
  readonly buffer: ArrayBuffer
  /** Makes it at least that many bytes. */
  grow(bytes: number): void
}

export function createHeap(memory: GrowingMemory): Heap {
  let f64 = new Float64Array(memory.buffer)
  const heap: Heap = {
    get f64() {
      return f64
    },
    top: oddScratch,
    allocate(length) {
      const at = heap.top
      heap.top += length + (length % 2)
      if (heap.top > f64.length) {
        memory.grow(Math.ceil(heap.top * 1.25) * 8)
        f64 = new Float64Array(memory.buffer)
      }
      return at
    },
  }
  return heap
}

/** Memory for the TypeScript kernels. */
export function plainMemory(): GrowingMemory {
  let buffer = new ArrayBuffer(1 << 20)
  return {
    get buffer() {
      return buffer
    },
    grow(bytes) {
      const old = new Uint8Array(buffer)
      buffer = new ArrayBuffer(bytes)
      new Uint8Array(buffer).set(old)
    },
  }
}
