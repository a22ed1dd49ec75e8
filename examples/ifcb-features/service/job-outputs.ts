import { z, type Outputs } from 'longhaul'
import { roiIdOf } from '../../ifcb-images/reader/index.ts'
import { featureNames, type RoiOutcome } from '../src/index.ts'

const problem = z.object({ reason: z.string(), detail: z.string() })

/** One line of `responses_NNNNN.jsonl` for each image. */
const roiRecord = z.object({
  roi_number: z.int().describe('line of the .adc, 1-based'),
  metrics: z.record(z.string(), z.number().nullable()).describe('empty for an image that failed'),
  bin_id: z.string(),
  mask: z.string().nullable().describe('member of the shards'),
  problem: problem.nullable(),
})

/** Cells of an image that failed are null; a ratio that has no value is NaN, as in the reference. */
const cell = z.number().or(z.nan()).nullable()
const featureRow = z.object({
  bin_id: z.string(),
  roi_number: z.int(),
  ...Object.fromEntries(featureNames.map((name) => [name, cell])),
})

/** Types of the columns of the Parquet file, as clients of bins read them. */
export const columnTypes: Readonly<Record<string, 'string' | 'int64' | 'float64'>> = {
  bin_id: 'string',
  roi_number: 'int64',
  ...Object.fromEntries(featureNames.map((name) => [name, 'float64' as const])),
}

/** What all bins of a job write into together. */
export interface JobOutputs {
  add(binId: string, outcome: RoiOutcome, png: Buffer | undefined): Promise<void>
}

/**
 * A job of bins leaves its masks as services of bins do, `masks/shard-NNNNN.tar` with `<bin>_<roi>.png`; a job of files as those of
 * files do, `artifacts_NNNNN.tar` with `<bin>/<roi>.png`. The rest is the same.
 */
export function openJobOutputs(outputs: Outputs, ofBins: boolean): JobOutputs {
  const records = outputs.records('responses', roiRecord)
  const table = outputs.records('features/part-0000.parquet', featureRow, { format: 'parquet' })
  const masks = ofBins
    ? outputs.shards('masks', { layout: 'masks' })
    : outputs.shards('artifacts', { layout: 'artifacts' })
  const memberOf = (binId: string, roi: number): string =>
    ofBins ? `${roiIdOf(binId, roi)}.png` : `${binId}/${String(roi).padStart(5, '0')}.png`

  return {
    async add(binId, outcome, png) {
      const roi_number = outcome.number
      const mask = png === undefined ? null : memberOf(binId, roi_number)
      const failed = outcome.kind === 'failed'
      const measured = featureNames.map((name): [string, number | null] => [
        name,
        failed ? null : outcome.features[name],
      ])
      await table.write({ bin_id: binId, roi_number, ...Object.fromEntries(measured) })
      await records.write({
        roi_number,
        metrics: failed ? {} : Object.fromEntries(measured.map(([name, it]) => [name, finite(it)])),
        bin_id: binId,
        mask,
        problem: failed ? { reason: outcome.reason, detail: outcome.detail } : null,
      })
      if (png !== undefined && mask !== null) await masks.add(mask, png)
    },
  }
}

/** JSON has no NaN. */
const finite = (value: number | null): number | null => (Number.isFinite(value) ? value : null)
