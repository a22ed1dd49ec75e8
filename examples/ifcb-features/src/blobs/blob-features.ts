import type { BlobFeatures } from '../feature-names.ts'
import { biovolumeOf } from '../biovolume/biovolume.ts'
import { outlineOf, type Blob } from './blob.ts'
import { feretDiameters } from './feret.ts'
import { hullOf, pointsOf } from './hull.ts'
import { momentsOf } from './moments.ts'
import { perimeterOf } from './perimeter.ts'

/** The 18 features of one blob (units: feature-names.ts). */
export function blobFeatures(blob: Blob): BlobFeatures {
  const { area, width, height } = blob
  const outline = outlineOf(blob)
  const perimeter = perimeterOf(outline, width, height)
  const hull = hullOf(outline, width, height)
  // Pixels on one line have no hull.
  const convexPerimeter = hull?.perimeter ?? perimeter
  const convexArea = hull ? hull.area + hull.perimeter / 2 : area
  const feret = feretDiameters(hull ?? pointsOf(outline, width))
  const { majorAxis, minorAxis, eccentricity, orientation } = momentsOf(blob)
  const diameter = Math.sqrt((4 * area) / Math.PI)
  const shape = { convexArea, eccentricity, diameter, majorAxis, orientation }
  const { volume, surface, representativeWidth } = biovolumeOf(blob, outline, shape)
  return {
    Area: area,
    Biovolume: volume,
    BoundingBox_xwidth: width,
    BoundingBox_ywidth: height,
    ConvexArea: convexArea,
    ConvexPerimeter: convexPerimeter,
    Eccentricity: eccentricity,
    EquivDiameter: diameter,
    Extent: area / (width * height),
    MajorAxisLength: majorAxis,
    MinorAxisLength: minorAxis,
    Orientation: orientation,
    Perimeter: perimeter,
    RepresentativeWidth: representativeWidth,
    Solidity: area / convexArea,
    SurfaceArea: surface,
    maxFeretDiameter: feret.maximum,
    minFeretDiameter: feret.minimum,
  }
}
