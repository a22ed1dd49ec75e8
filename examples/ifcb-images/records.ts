import { createHash } from 'node:crypto'
import { InvalidInputError, z } from 'longhaul'
import { readAdc, readHeader, type BinFiles, type BinId, type Roi } from './reader/index.ts'

/** One line of `rois_NNNNN.jsonl` for each image, in the order of the shards. Lengths in pixels of the camera's frame. */
export const roiRecord = z.object({
  roi: z.string(),
  bin: z.string(),
  target: z.int().describe('line of the .adc, 1-based'),
  trigger: z.int(),
  x: z.int(),
  y: z.int(),
  width: z.int(),
  height: z.int(),
  byte_offset: z.int().describe('in the .roi; of the first part when it is stitched'),
  stitched_with: z.int().nullable().describe('target pasted over this one; the size is the whole'),
  time: z.string().describe('start of the bin, UTC'),
  image: z.string().nullable().describe('member of the image shards'),
  pixels_sha256: z.string().nullable().describe('of the grey bytes, row by row'),
  problem: z.object({ reason: z.string(), detail: z.string() }).nullable(),
})

/** What the job's result says of each bin. */
export const binCounts = z.object({
  bin: z.string(),
  lines: z.int().describe('of the .adc'),
  rois: z.int().describe('images written'),
  stitched: z.int().describe('images made of two'),
  unreadable: z.int().describe('images that the .roi does not hold whole'),
  without_image: z.int().describe('triggers of which the camera kept nothing'),
  malformed_lines: z.int(),
})

/** One line of `bins_NNNNN.jsonl` for each bin. */
export const binRecord = binCounts.extend({
  instrument: z.int(),
  time: z.string(),
  header: z.object({ context: z.array(z.string()), values: z.record(z.string(), z.json()) }),
})

export function toRoiRecord(bin: BinId, roi: Roi): z.infer<typeof roiRecord> {
  const { x, y, width, height } = roi.place
  const readable = roi.kind === 'image'
  return {
    roi: roi.id,
    bin: bin.id,
    target: roi.target.number,
    trigger: roi.target.trigger,
    x,
    y,
    width,
    height,
    byte_offset: roi.target.offset,
    stitched_with: roi.second?.number ?? null,
    time: isoSeconds(bin.time),
    image: readable ? `${bin.id}/${roi.id}.png` : null,
    pixels_sha256: readable ? createHash('sha256').update(roi.image.pixels).digest('hex') : null,
    problem: readable ? null : { reason: roi.reason, detail: roi.detail },
  }
}

/** What is known of a bin before its images are read. */
export async function openBinRecord(files: BinFiles): Promise<z.infer<typeof binRecord>> {
  const adc = await readAdc(files).catch((cause: unknown) => {
    if (!(cause instanceof RangeError)) throw cause
    throw new InvalidInputError('files', `${files.bin.id}: ${cause.message}`, { cause })
  })
  const { context, values } = await readHeader(files)
  return {
    bin: files.bin.id,
    lines: adc.lines,
    rois: 0,
    stitched: 0,
    unreadable: 0,
    without_image: adc.withoutImage,
    malformed_lines: adc.malformed,
    instrument: files.bin.instrument,
    time: isoSeconds(files.bin.time),
    header: { context: [...context], values },
  }
}

const isoSeconds = (time: Date): string => time.toISOString().replace('.000Z', 'Z')
