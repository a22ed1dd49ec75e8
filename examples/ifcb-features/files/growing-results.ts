import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { roiIdOf, type BinId } from '../../ifcb-images/reader/index.ts'
import { blobFeatureNames, featureNames, formatFeature, type RoiOutcome } from '../src/index.ts'
import { resultNamesOf, type ResultNames } from './result-names.ts'
import { centralDirectory, localEntry } from './stored-zip.ts'

type Grown = keyof Omit<ResultNames, 'report'>

/**
 * The tables and the archive of one bin while they grow, image by image, as files of a folder. Whatever the files hold
 * when it is opened stays, and the next image comes behind it: so work goes on from files that a checkpoint kept.
 */
export interface GrowingResults {
  /** Names in the folder of what is there so far. */
  readonly files: readonly string[]
  /** `png`: its mask; undefined for an image that failed. Images come in ascending order. */
  add(outcome: RoiOutcome, png: Buffer | undefined): void
  /** Ends the archive. Answers what there is, in a fixed order: nothing, for a bin without images. */
  finish(): readonly FinishedResult[]
}

export interface FinishedResult {
  readonly kind: keyof ResultNames
  /** As archives call it. */
  readonly name: string
  /** Where it is now. */
  readonly path: string
}

export function growResults(folder: string, bin: BinId): GrowingResults {
  const names = resultNamesOf(bin)
  const fileOf = (kind: Grown): string => path.join(folder, path.basename(names[kind]))
  const present = (): Grown[] =>
    (['features', 'multiblob', 'blobs'] as const).filter((kind) => existsSync(fileOf(kind)))
  const started = new Set(present())
  const append = (kind: Grown, text: string | Buffer, header = ''): void => {
    if (!started.has(kind)) appendFileSync(fileOf(kind), header)
    started.add(kind)
    appendFileSync(fileOf(kind), text)
  }

  return {
    get files() {
      return present().map((kind) => path.basename(fileOf(kind)))
    },
    add(outcome, png) {
      const { number } = outcome
      append('features', featuresRow(outcome), featuresHeader)
      if (outcome.kind !== 'analysed') return
      if (outcome.blobs.length > 1)
        for (const [index, blob] of outcome.blobs.entries()) {
          const cells = blobFeatureNames.map((name) => formatFeature(blob[name]))
          append('multiblob', rowOf([number, index + 1, ...cells]), multiblobHeader)
        }
      if (png) append('blobs', localEntry(`${roiIdOf(bin.id, number)}.png`, png))
    },
    finish() {
      // Of a bin in which every image failed there is an archive too, an empty one.
      if (started.has('features')) append('blobs', centralDirectory(readIfThere(fileOf('blobs'))))
      return present().map((kind) => ({ kind, name: names[kind], path: fileOf(kind) }))
    },
  }
}

const rowOf = (cells: readonly (string | number)[]): string => `${cells.join(',')}\n`
const featuresHeader = rowOf(['roi_number', ...featureNames])
const multiblobHeader = rowOf(['roi_number', 'blob_number', ...blobFeatureNames])

/** An image that failed has its row, with nothing in it. */
const featuresRow = (outcome: RoiOutcome): string =>
  rowOf([
    outcome.number,
    ...featureNames.map((name) =>
      outcome.kind === 'analysed' ? formatFeature(outcome.features[name]) : '',
    ),
  ])

const readIfThere = (file: string): Buffer =>
  existsSync(file) ? readFileSync(file) : Buffer.alloc(0)
