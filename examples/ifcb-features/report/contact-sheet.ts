import {
  encodePng,
  readRois,
  type BinFiles,
  type PlannedRoi,
} from '../../ifcb-images/reader/index.ts'
import { decodePng } from '../../ifcb-images/verify/decode-png.ts'
import type { FeatureRow } from './feature-rows.ts'
import { outlineOf } from './outline.ts'

/** What a browser opens at once without thinking; of a larger bin every second image is shown, or every third. */
const most = { images: 400, pixels: 6_000_000 } as const

/** The images that the sheet has room for, evenly over the bin. */
export function chooseShown(rois: readonly PlannedRoi[]): readonly PlannedRoi[] {
  const pixels = rois.reduce((sum, { target }) => sum + target.width * target.height, 0)
  const step = Math.ceil(Math.max(rois.length / most.images, pixels / most.pixels, 1))
  return rois.filter((_, index) => index % step === 0)
}

export const anchorOf = (roi: number): string => `roi-${String(roi).padStart(5, '0')}`

/** Each image at its own size, the outlines of its blobs on it. An image that failed has a place and the reason. */
export async function* contactSheet(
  files: BinFiles,
  shown: readonly PlannedRoi[],
  rows: ReadonlyMap<number, FeatureRow>,
  masks: ReadonlyMap<string, Uint8Array>,
): AsyncGenerator<string> {
  yield '<div id="contact-sheet">'
  for await (const roi of readRois(files, shown)) {
    const { number } = roi.target
    const mask = masks.get(`${roi.id}.png`)
    if (roi.kind !== 'image' || mask === undefined) {
      const why = roi.kind === 'image' ? 'not measurable' : roi.reason
      yield `<figure id="${anchorOf(number)}" class="failed"><figcaption>${number}<br>${why}</figcaption></figure>\n`
      continue
    }
    const { width, height } = roi.image
    const data = encodePng(roi.image).toString('base64')
    const outline = outlineOf(decodePng(Buffer.from(mask)).pixels, width, height)
    const blobs = rows.get(number)?.value('numBlobs') ?? 0
    const title = `image ${number}: ${width} × ${height} pixels, ${blobs === 1 ? '1 blob' : `${blobs} blobs`}`
    yield `<figure id="${anchorOf(number)}"><svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}"><title>${title}</title><image width="${width}" height="${height}" href="data:image/png;base64,${data}"/>${outline === '' ? '' : `<path class="outline" d="${outline}"/>`}</svg><figcaption>${number}</figcaption></figure>\n`
  }
  yield '</div>'
}
