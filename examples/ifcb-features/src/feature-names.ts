/**
 * The 18 features of one blob, in the order of the files. Lengths in pixels, areas in pixels², volumes in pixels³, angles in
 * degrees; nothing is scaled to micrometres. Names of WHOIGit/ifcb-features v1.3.0, features_v4.
 */
export const blobFeatureNames = [
  'Area',
  'Biovolume',
  'BoundingBox_xwidth',
  'BoundingBox_ywidth',
  'ConvexArea',
  'ConvexPerimeter',
  'Eccentricity',
  'EquivDiameter',
  'Extent',
  'MajorAxisLength',
  'MinorAxisLength',
  'Orientation',
  'Perimeter',
  'RepresentativeWidth',
  'Solidity',
  'SurfaceArea',
  'maxFeretDiameter',
  'minFeretDiameter',
] as const

/** Features that are also given as the sum over all blobs of an image. */
export const summedFeatureNames = [
  'Area',
  'Biovolume',
  'ConvexArea',
  'ConvexPerimeter',
  'MajorAxisLength',
  'MinorAxisLength',
  'Perimeter',
  'SurfaceArea',
] as const

/**
 * The 30 features of one image, in the order of `features_v4.csv` (which begins with a column `roi_number`). The first 18
 * are those of its largest blob.
 */
export const featureNames = [
  ...blobFeatureNames,
  'numBlobs',
  'summedArea',
  'summedBiovolume',
  'summedConvexArea',
  'summedConvexPerimeter',
  'summedMajorAxisLength',
  'summedMinorAxisLength',
  'summedPerimeter',
  'summedSurfaceArea',
  'Area_over_PerimeterSquared',
  'Area_over_Perimeter',
  'summedConvexPerimeter_over_Perimeter',
] as const

export type BlobFeatureName = (typeof blobFeatureNames)[number]
export type FeatureName = (typeof featureNames)[number]

export type BlobFeatures = Readonly<Record<BlobFeatureName, number>>

/** NaN where there is no value: the three ratios of an image without blob, or with a perimeter of 0. */
export type RoiFeatures = Readonly<Record<FeatureName, number>>
