import { createTransforms } from '../fft/create-transforms.ts'
import type { Transform } from '../fft/transform.ts'
import type { Block, Heap, Kernels } from '../kernels/kernels.ts'

/** As many columns are transformed side by side: enough to amortise a twiddle, few enough to stay in the nearest cache. */
export const widestBlock = 16

/** What one thread computes with: kernels, the transforms it has met, and memory for one image at a time. */
export interface Workspace {
  readonly kernels: Kernels
  readonly heap: Heap
  readonly transformOf: (length: number) => Transform
  /** Blocks for the transforms of the image in hand: four results and one scratch. */
  readonly blocks: readonly [Block, Block, Block, Block, Block]
  /** Real and imaginary parts of `count` numbers. */
  plane(count: number): Block
  /** Gets ready for an image of that size; whatever the last one left is gone. */
  begin(width: number, height: number): void
}

export function createWorkspace(kernels: Kernels): Workspace {
  const { heap } = kernels
  const transformOf = createTransforms(kernels)
  let keep = heap.top
  let blocks = [] as unknown as Workspace['blocks']
  const plane = (count: number): Block => ({
    re: heap.allocate(count),
    im: heap.allocate(count),
  })
  return {
    kernels,
    heap,
    transformOf,
    plane,
    get blocks() {
      return blocks
    },
    begin(width, height) {
      heap.top = keep
      const rows = Math.max(transformOf(width).rows, transformOf(height).rows)
      keep = heap.top
      const block = () => plane(rows * widestBlock)
      blocks = [block(), block(), block(), block(), block()]
    },
  }
}

/** The kernels take columns by fours. */
export const toLanes = (count: number): number => (count + 3) & ~3

/**
 * Calls for each of about equal parts of `count` columns. Lanes are toLanes, so the last part may have one more than there are:
 * whoever is called has room for it and nobody reads it.
 */
export function inBlocks(count: number, call: (first: number, lanes: number) => void): void {
  const parts = Math.ceil(count / widestBlock)
  const widest = toLanes(Math.ceil(count / parts))
  for (let first = 0; first < count; first += widest)
    call(first, Math.min(widest, toLanes(count - first)))
}
