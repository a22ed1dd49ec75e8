import { blobFeatures } from '../examples/ifcb-features/src/blobs/blob-features.ts'
import { findBlobs } from '../examples/ifcb-features/src/blobs/blob.ts'
import { simdKernels } from '../examples/ifcb-features/src/kernels/simd-kernels.ts'
import { typescriptKernels } from '../examples/ifcb-features/src/kernels/typescript-kernels.ts'
import { edgeMap } from '../examples/ifcb-features/src/phase-congruency/edge-map.ts'
import { createWorkspace } from '../examples/ifcb-features/src/phase-congruency/workspace.ts'
import { segment } from '../examples/ifcb-features/src/segmentation/segment.ts'
import { encodePng, type Target } from '../examples/ifcb-images/reader/index.ts'

/** Microseconds of CPU by stage of all images together, on this thread, after the code is warm. */
export function stagesOf(roi: Uint8Array, targets: readonly Target[]): Record<string, number> {
  const space = createWorkspace(simdKernels() ?? typescriptKernels())
  measure(targets.slice(0, 100))
  return measure(targets)

  function measure(some: readonly Target[]) {
    const used = { 'phase congruency': 0, segmentation: 0, features: 0, 'mask to PNG': 0 }
    const timed = <T>(stage: keyof typeof used, work: () => T): T => {
      const before = process.threadCpuUsage()
      const made = work()
      const { user, system } = process.threadCpuUsage(before)
      used[stage] += user + system
      return made
    }
    for (const { offset, width, height } of some) {
      const pixels = roi.subarray(offset, offset + width * height)
      const edges = timed('phase congruency', () => edgeMap(space, pixels, width, height))
      const mask = timed('segmentation', () => segment(edges, pixels, width, height))
      timed('features', () => findBlobs(mask, width, height).map(blobFeatures))
      timed('mask to PNG', () => encodePng({ width, height, pixels: mask.map((set) => set * 255) }))
    }
    return used
  }
}
