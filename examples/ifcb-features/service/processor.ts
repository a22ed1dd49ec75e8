import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { defineProcessor, file, PermanentError, z } from 'longhaul'
import { roiIdOf } from '../../ifcb-images/reader/index.ts'
import { analyseBin } from '../analyse-bin.ts'
import { finishBin } from '../finish-bin.ts'
import { growResults } from '../files/growing-results.ts'
import { maskPng } from '../files/mask-png.ts'
import { openAnalysisPool, type RoiOutcome } from '../src/index.ts'
import { planBins, type PlannedBin } from './job-bins.ts'
import { columnTypes, openJobOutputs } from './job-outputs.ts'

const input = {
  files: file('application/octet-stream')
    .many()
    .describe('the .hdr, .adc and .roi file of each bin'),
  stitch: z.boolean().default(true).describe('join the overlapping images of old-style bins'),
  threads: z.int().min(1).max(64).default(2).describe('the results do not depend on it'),
  batch_size: z.int().min(1).default(32).describe('a checkpoint may come after so many images'),
  checkpoint_seconds: z.number().positive().default(10).describe('from one to the next, at least'),
}
const output = {
  features: z.object({ schema: z.record(z.string(), z.string()) }),
  counts: z.object({ bins: z.int(), rois: z.int(), masks: z.int() }),
  metrics: z.object({
    inputs_processed: z.int(),
    records_emitted: z.int(),
    artifacts_emitted: z.int(),
    rois_failed: z.int(),
    malformed_lines: z.int(),
  }),
}

const mediaTypes = {
  features: 'text/csv',
  multiblob: 'text/csv',
  blobs: 'application/zip',
  report: 'text/html',
} as const

/** What a checkpoint keeps, beside the files of the bin that is under way. */
interface Done {
  readonly bins: number
  /** Images of the bin that is under way. */
  readonly inBin: number
  /** Images of all bins, those that failed among them. */
  readonly rois: number
  readonly failed: number
}

/**
 * Features and blob masks of every image of IFCB bins, as a processor.
 *
 * @param options.witness is told of every image that was analysed, again if it was analysed again
 */
export function defineIfcbFeatures({ witness }: { witness?: (roiId: string) => void } = {}) {
  return defineProcessor({
    name: 'ifcb-features',
    version: '1.0.0',
    description: 'Morphology features and blob masks of every image of IFCB bins.',
    input,
    output,
    async run({ input, workspace, signal, restored, track, checkpoint, log, ...ctx }) {
      const bins = await planBins(input.files, input.stitch)
      const total = bins.reduce((sum, { rois }) => sum + rois.length, 0)
      if (total === 0) throw new PermanentError('There is not one image in these bins.')
      const ofBins = input.files.some(({ bin }) => bin !== undefined)
      const outputs = openJobOutputs(ctx.outputs, ofBins)
      const before = (restored as Done | undefined) ?? { bins: 0, inBin: 0, rois: 0, failed: 0 }
      let done = before
      await using pool = openAnalysisPool({ threads: input.threads })

      /** Bin after bin; a bin's own results are given away behind its last image. */
      async function* everyRoi() {
        for (const [index, bin] of bins.entries()) {
          if (index < before.bins) continue
          const results = growResults(workspace, bin.files.bin)
          const rois = index === before.bins ? bin.rois.slice(before.inBin) : bin.rois
          for await (const outcome of analyseBin(pool, bin.files, rois, signal))
            yield { index, bin, results, outcome }
          for (const { kind, name, path } of await finishBin(bin.files, bin.rois, results)) {
            await ctx.outputs.write(name, createReadStream(path), { mediaType: mediaTypes[kind] })
            await rm(path)
          }
        }
      }

      const options = {
        total,
        start: before.rois,
        detail: ({
          index,
          bin,
          outcome,
        }: {
          index: number
          bin: PlannedBin
          outcome: RoiOutcome
        }) => ({
          bin_id: bin.files.bin.id,
          bin_index: index + 1,
          bin_total: bins.length,
          bin_percent: Math.round((1000 * done.inBin) / bin.rois.length) / 10,
          rois_in_bin: bin.rois.length,
          roi_number: outcome.number,
          processed_rois: done.rois,
          total_rois: total,
        }),
      }
      for await (const { index, bin, results, outcome } of track(
        everyRoi(),
        'processing',
        options,
      )) {
        const { id } = bin.files.bin
        const roi = roiIdOf(id, outcome.number)
        witness?.(roi)
        const failed = outcome.kind === 'failed'
        if (failed)
          log.warn('image without features', {
            roi,
            reason: outcome.reason,
            detail: outcome.detail,
          })
        const png = failed ? undefined : maskPng(outcome.width, outcome.height, outcome.mask)
        results.add(outcome, png)
        await outputs.add(id, outcome, png)
        done = {
          bins: index,
          inBin: index === done.bins ? done.inBin + 1 : 1,
          rois: done.rois + 1,
          failed: done.failed + (failed ? 1 : 0),
        }
        if (done.rois % input.batch_size === 0)
          await checkpoint(() => ({ ...done }), {
            files: results.files,
            every: `${input.checkpoint_seconds} s`,
          })
      }
      const masks = done.rois - done.failed
      return {
        features: { schema: columnTypes },
        counts: { bins: bins.length, rois: done.rois, masks },
        metrics: {
          inputs_processed: bins.length,
          records_emitted: done.rois,
          artifacts_emitted: masks,
          rois_failed: done.failed,
          malformed_lines: bins.reduce((sum, { malformedLines }) => sum + malformedLines, 0),
        },
      }
    },
  })
}
