import { blobFeatures } from './blobs/blob-features.ts'
import { findBlobs } from './blobs/blob.ts'
import { roiFeatures } from './blobs/roi-features.ts'
import type { BlobFeatures, RoiFeatures } from './feature-names.ts'
import { simdKernels } from './kernels/simd-kernels.ts'
import { typescriptKernels } from './kernels/typescript-kernels.ts'
import { edgeMap } from './phase-congruency/edge-map.ts'
import { createWorkspace, type Workspace } from './phase-congruency/workspace.ts'
import { segment } from './segmentation/segment.ts'

/** Why one image has no features; the other images of the bin are not touched by it. */
export type UnanalysableReason =
  /** One pixel high or wide: the border trim of the segmentation has no neighbour to look at. */
  | 'too-small'
  /** The .roi file ends before the image does. */
  | 'truncated'
  /** Sizes or an offset that are no place in a file. */
  | 'invalid-size'
  /** More pixels than any camera of the instrument has. */
  | 'too-large'

export class UnanalysableRoi extends Error {
  readonly reason: UnanalysableReason

  constructor(reason: UnanalysableReason, message: string) {
    super(message)
    this.name = 'UnanalysableRoi'
    this.reason = reason
  }
}

export interface AnalyseOptions {
  /** Compute with WebAssembly SIMD where the engine has it; the results are the same bit for bit. @default true */
  readonly simd?: boolean
}

/** What is found in one image. */
export interface RoiAnalysis {
  /** `width * height` bytes, row-major, 1 where a blob is, else 0. All 0 when there is no blob. */
  readonly mask: Uint8Array<ArrayBuffer>
  /** All of them 0 but the ratios, which are NaN, when there is no blob. */
  readonly features: RoiFeatures
  /** Every blob, largest first; empty when there is none. `multiblob_v4.csv` has the images with more than one. */
  readonly blobs: readonly BlobFeatures[]
}

/**
 * Segments one image and measures its blobs.
 *
 * @param pixels 8-bit grey, `width * height` bytes, row-major, 0 black. Not changed. Of an old-style bin: after stitching
 *   (examples/ifcb-images/reader, `readRois`); nothing else differs between the styles.
 * @param width pixels, at least 2
 * @param height pixels, at least 2
 * @throws UnanalysableRoi for an image of one row or one column, as in the reference
 */
export function analyseRoi(
  pixels: Uint8Array,
  width: number,
  height: number,
  options: AnalyseOptions = {},
): RoiAnalysis {
  if (pixels.length !== width * height)
    throw new RangeError(`${pixels.length} pixels are not ${width}x${height}`)
  if (width < 2 || height < 2)
    throw new UnanalysableRoi('too-small', `${width}x${height}: needs two rows and two columns`)
  const edges = edgeMap(workspaceOf(options), pixels, width, height)
  const mask = segment(edges, pixels, width, height)
  const blobs = findBlobs(mask, width, height).map(blobFeatures)
  return { mask, features: roiFeatures(blobs), blobs }
}

const workspaces: { simd?: Workspace; plain?: Workspace } = {}
/** Float64s; a whole frame of the camera needs more, and is rare. */
const mostKept = 12_000_000

/** One for the thread: nothing in it outlives an image but tables. */
function workspaceOf({ simd = true }: AnalyseOptions): Workspace {
  const kind = simd ? 'simd' : 'plain'
  const kept = workspaces[kind]
  if (kept && kept.heap.f64.length <= mostKept) return kept
  const kernels = (simd ? simdKernels() : undefined) ?? typescriptKernels()
  return (workspaces[kind] = createWorkspace(kernels))
}
