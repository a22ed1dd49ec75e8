/**
 * Reads IFCB bins: what an Imaging FlowCytobot writes for one sample of water, as images and their places.
 * Formats as WHOIGit/ifcb-features v1.3.0 reads them; this is our own reader and shares no code with it.
 *
 *     for (const files of await discoverBins('archive'))
 *       for await (const roi of readRois(files, planRois(files, await readAdc(files)))) …
 */
export { planRois, readAdc, readHeader, readRois, type ReadOptions, type Roi } from './bin.ts'
export { discoverBins } from './discover-bins.ts'
export { groupBins, type BinFiles } from './bin-files.ts'
export { parseBinId, roiIdOf, type BinId } from './bin-id.ts'
export { parseAdc, type Adc, type Target } from './adc.ts'
export { parseHeader, type Header } from './hdr.ts'
export { encodePng } from './png.ts'
export { imageIn, UnreadableRoi, type GreyImage } from './roi.ts'
export { stitch, type PlannedRoi, type Rectangle } from './stitch.ts'
