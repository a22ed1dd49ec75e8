import { defineProcessor, file, InvalidInputError, z } from 'longhaul'
import { encodePng, groupBins, planRois, readAdc, readRois } from './reader/index.ts'
import type { BinFiles, ReadOptions } from './reader/index.ts'
import { binCounts, binRecord, openBinRecord, roiRecord, toRoiRecord } from './records.ts'

export default defineProcessor({
  name: 'ifcb-images',
  version: '1.0.0',
  description:
    'Every image of IFCB bins as a PNG in tar shards; its place, time and digest as JSON lines.',
  input: {
    files: file('application/octet-stream')
      .many()
      .describe('the .hdr, .adc and .roi file of each bin'),
    stitch: z.boolean().default(true).describe('join the overlapping images of old-style bins'),
  },
  output: { bins: z.array(binCounts), rois: z.int(), unreadable: z.int() },

  async run({ input, track, outputs, log }) {
    const { bins, mistakes } = groupBins(input.files)
    if (mistakes.length > 0) throw new InvalidInputError('files', mistakes.join('; '))

    // Headers and tables of all bins first: they are small, and a broken one should not cost an hour of work.
    const records = new Map<string, z.infer<typeof binRecord>>()
    for (const files of bins) records.set(files.bin.id, await openBinRecord(files))
    const total = await countRois(bins, input)

    const images = outputs.shards('images')
    const rois = outputs.records('rois', roiRecord)
    for await (const { files, roi } of track(everyRoi(bins, input), 'images', { total })) {
      const record = toRoiRecord(files.bin, roi)
      if (roi.kind === 'image') await images.add(record.image!, encodePng(roi.image))
      else log.warn('image cannot be read', { roi: roi.id, reason: roi.reason, detail: roi.detail })
      await rois.write(record)
      const bin = records.get(files.bin.id)!
      bin.rois += roi.kind === 'image' ? 1 : 0
      bin.stitched += roi.kind === 'image' && roi.second ? 1 : 0
      bin.unreadable += roi.kind === 'unreadable' ? 1 : 0
    }

    const perBin = outputs.records('bins', binRecord)
    for (const record of records.values()) await perBin.write(record)
    return {
      bins: [...records.values()].map((record) => binCounts.parse(record)),
      rois: images.count,
      unreadable: rois.count - images.count,
    }
  },
})

async function countRois(bins: readonly BinFiles[], options: ReadOptions): Promise<number> {
  let total = 0
  for (const files of bins) total += planRois(files, await readAdc(files), options).length
  return total
}

/** Bin after bin, image after image; memory holds one table and one image. */
async function* everyRoi(bins: readonly BinFiles[], options: ReadOptions) {
  for (const files of bins) {
    const planned = planRois(files, await readAdc(files), options)
    for await (const roi of readRois(files, planned)) yield { files, roi }
  }
}
