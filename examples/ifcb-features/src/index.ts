/**
 * Morphology features and blob masks of Imaging FlowCytobot images, equal to WHOIGit/ifcb-features v1.3.0 (features_v4): masks
 * pixel for pixel, numbers within 1e-5. A library of typed arrays that knows nothing of longhaul; this file is all that others
 * use of it.
 *
 * Segmentation by phase congruency (Kovesi 1999, Videre 1(3); 2003, DICTA), biovolume after Moberg & Sosik 2012 (Limnol.
 * Oceanogr. Methods 10:278).
 *
 *     const { mask, features } = analyseRoi(pixels, width, height)
 *
 *     await using pool = openAnalysisPool({ threads: 2 })
 *     for await (const outcome of pool.analyse(await readShared('bin.roi'), sources)) …
 */
export {
  analyseRoi,
  UnanalysableRoi,
  type AnalyseOptions,
  type RoiAnalysis,
  type UnanalysableReason,
} from './analyse-roi.ts'
export { openAnalysisPool, type AnalysisPool, type PoolOptions } from './pool/analysis-pool.ts'
export { readShared } from './pool/read-shared.ts'
export type { RoiOutcome, RoiSource } from './pool/roi-source.ts'
export {
  blobFeatureNames,
  featureNames,
  summedFeatureNames,
  type BlobFeatureName,
  type BlobFeatures,
  type FeatureName,
  type RoiFeatures,
} from './feature-names.ts'
export { formatFeature } from './format-feature.ts'
