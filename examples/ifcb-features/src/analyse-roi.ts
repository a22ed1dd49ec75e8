import type { BlobFeatures, RoiFeatures } from './feature-names.ts'

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
  void options
  throw new UnanalysableRoi('too-small', `${width}x${height} of ${pixels.length}: not built yet`)
}
