import { UnanalysableRoi, type RoiAnalysis, type UnanalysableReason } from '../analyse-roi.ts'

/**
 * One image to analyse, named by its ROI number. With `offset` it is read where it lies in the shared bytes of the .roi, by
 * whichever thread takes it; with `pixels` (a stitched image, which lies nowhere) it is copied to that thread.
 */
export type RoiSource = {
  /** 1-based line number of its target in the .adc. */
  readonly number: number
  readonly width: number
  readonly height: number
} & ({ readonly offset: number } | { readonly pixels: Uint8Array })

/** The outcome of one source, with its number and size. */
export type RoiOutcome = {
  readonly number: number
  readonly width: number
  readonly height: number
} & (
  | ({ readonly kind: 'analysed' } & RoiAnalysis)
  | { readonly kind: 'failed'; readonly reason: UnanalysableReason; readonly detail: string }
)

/** The camera's frame has 1.4 million pixels; what asks for more than this is damaged. */
const mostPixels = 64 * 1024 * 1024

/** The pixels of a source, where they are. @throws UnanalysableRoi when they are not all there */
export function pixelsOf(roi: Uint8Array, source: RoiSource): Uint8Array {
  const { width, height } = source
  const place = `${width}x${height}` + ('offset' in source ? ` at byte ${source.offset}` : '')
  const numbers = [width, height, ...('offset' in source ? [source.offset] : [])]
  if (numbers.some((number) => !Number.isSafeInteger(number) || number < 0))
    throw new UnanalysableRoi('invalid-size', `${place} is no place in a file`)
  const length = width * height
  if (length > mostPixels)
    throw new UnanalysableRoi('too-large', `${place} is more than any IFCB camera sees`)
  const [bytes, from] = 'offset' in source ? [roi, source.offset] : [source.pixels, 0]
  if (from + length > bytes.length)
    throw new UnanalysableRoi(
      'truncated',
      `${place} needs bytes up to ${from + length - 1}, there are ${bytes.length}`,
    )
  return bytes.subarray(from, from + length)
}
