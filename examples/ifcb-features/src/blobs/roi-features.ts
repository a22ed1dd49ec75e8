import {
  blobFeatureNames,
  summedFeatureNames,
  type BlobFeatures,
  type RoiFeatures,
} from '../feature-names.ts'

/** The 30 features of an image from those of its blobs, largest first. */
export function roiFeatures(blobs: readonly BlobFeatures[]): RoiFeatures {
  const largest = blobs[0] ?? noBlob
  const sums: Record<string, number> = {}
  for (const name of summedFeatureNames)
    sums[`summed${name}`] = blobs.reduce((sum, blob) => sum + blob[name], 0)
  const area = largest.Area
  const perimeter = largest.Perimeter
  return {
    ...largest,
    numBlobs: blobs.length,
    ...sums,
    Area_over_PerimeterSquared: ratio(area, perimeter * perimeter),
    Area_over_Perimeter: ratio(area, perimeter),
    summedConvexPerimeter_over_Perimeter: ratio(
      sums['summedConvexPerimeter']!,
      sums['summedPerimeter']!,
    ),
  } as RoiFeatures
}

const noBlob = Object.fromEntries(blobFeatureNames.map((name) => [name, 0])) as BlobFeatures

/** NaN rather than infinity where there is no perimeter. */
const ratio = (a: number, b: number): number => (b === 0 ? NaN : a / b)
