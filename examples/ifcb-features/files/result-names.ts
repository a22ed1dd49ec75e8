import type { BinId } from '../../ifcb-images/reader/index.ts'

/** Where the results of a bin lie below a folder, or among the outputs of a job: as archives keep them, by day. */
export interface ResultNames {
  readonly features: string
  /** Only there for a bin that has images with more than one blob. */
  readonly multiblob: string
  readonly blobs: string
  readonly report: string
}

export const resultNamesOf = ({ id, dayDirectory: day }: BinId): ResultNames => ({
  features: `features/${day}/${id}_features_v4.csv`,
  multiblob: `features/${day}/multiblob/${id}_multiblob_v4.csv`,
  blobs: `blobs/${day}/${id}_blobs_v4.zip`,
  report: `reports/${day}/${id}_report.html`,
})
