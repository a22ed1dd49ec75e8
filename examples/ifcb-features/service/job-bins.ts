import { InvalidInputError, type InputFile } from 'longhaul'
import {
  groupBins,
  parseBinId,
  planRois,
  readAdc,
  type BinFiles,
  type PlannedRoi,
} from '../../ifcb-images/reader/index.ts'

/** A bin of the job, and which images come out of it. */
export interface PlannedBin {
  readonly files: BinFiles
  readonly rois: readonly PlannedRoi[]
  readonly malformedLines: number
}

/** Reads the tables of all bins before the first image: they are small, and a broken one should not cost an hour of work. */
export async function planBins(
  inputs: readonly InputFile[],
  stitch: boolean,
): Promise<PlannedBin[]> {
  const { bins, mistakes } = groupBins(inputs.map(named))
  if (mistakes.length > 0) throw new InvalidInputError('files', mistakes.join('; '))
  const planned: PlannedBin[] = []
  for (const files of bins) {
    const adc = await readAdc(files).catch((cause: unknown) => {
      if (!(cause instanceof RangeError)) throw cause
      throw new InvalidInputError('files', `${files.bin.id}: ${cause.message}`, { cause })
    })
    planned.push({ files, rois: planRois(files, adc, { stitch }), malformedLines: adc.malformed })
  }
  return planned
}

/** Whoever sends bins names them, and may call the files as he likes; whoever sends files names the bin by them. */
function named({ name, path, bin }: InputFile): { name: string; path: string } {
  const extension = /\.(hdr|adc|adc\.mod|roi)$/.exec(name)?.[0]
  if (bin === undefined || extension === undefined || !parseBinId(bin)) return { name, path }
  return { name: bin + extension, path }
}
