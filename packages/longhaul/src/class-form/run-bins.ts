import type { BinJobResult } from '@longhaul/protocol'
import { PermanentError } from '../processor/index.ts'
import type { JsonObject } from '../support/json.ts'
import { maskMember, type ShardWriter } from '../writers/index.ts'
import {
  reportingTo,
  type BaseProcessor,
  type ClassContext,
  type Report,
} from './base-processor.ts'
import type { Artifact, BinOutput, OutputSchema } from './bin-output.ts'
import { binsOf } from './bins-of.ts'
import { columnsOf, featureTable, type FeatureTable } from './feature-table.ts'
import { greyPng } from './grey-png.ts'

type Counts = BinJobResult['counts']
/** What a checkpoint keeps: the bins that are done, and the columns that their rows have. */
interface Done {
  readonly counts: Counts
  readonly columns?: OutputSchema
}
export type ProcessBin = NonNullable<BaseProcessor['processBin']>

/** One bin after the other, in layout B. What is done of a job is not done again by its next attempt. */
export async function runBins(
  form: BaseProcessor,
  processBin: ProcessBin,
  context: ClassContext,
): Promise<object> {
  const { outputs, inputs, restored, checkpoint, signal } = context
  const bins = binsOf(inputs)
  const done = restored as unknown as Done | undefined
  let counts = done?.counts ?? { bins: 0, rois: 0, masks: 0 }
  let table = done?.columns ? featureTable(outputs, done.columns) : undefined
  let masks: ShardWriter | undefined

  for (const [index, { id, paths }] of bins.entries()) {
    if (index < counts.bins) continue
    signal.throwIfAborted()
    form.validateBinFiles(id, paths, form.requiredExtensions)
    const report = binReport(context, { bin_id: id, bin_index: index + 1, bin_total: bins.length })
    report('processing', { message: 'executor_start' })
    const made = await reportingTo(report, () => processBin(id, paths, context))
    form.validateOutput(made.table, id)
    table ??= featureTable(outputs, form.getOutputSchema() ?? columnsOf(made.table))
    await table.write(id, made.table)
    const kept = masksOf(id, made)
    if (kept.length > 0) masks ??= outputs.shards('masks', { layout: 'masks' })
    for (const [member, artifact] of kept) await masks?.add(member, await bytesOf(artifact))
    counts = {
      bins: counts.bins + 1,
      rois: counts.rois + made.table.length,
      masks: counts.masks + kept.length,
    }
    report('processing', { percent: 100, message: 'executor_complete' })
    await checkpoint(() => stateOf(counts, table))
  }
  return { features: { schema: table?.columns ?? {} }, counts }
}

function stateOf(counts: Counts, table: FeatureTable | undefined): JsonObject {
  if (table === undefined) return { counts }
  const { bin_id: _bin, roi_number: _roi, ...columns } = table.columns
  return { counts, columns }
}

/** `percent` of a bin becomes that of the job. */
function binReport(
  { progress }: ClassContext,
  where: { readonly bin_id: string; readonly bin_index: number; readonly bin_total: number },
): Report {
  const before = where.bin_index - 1
  return (stage, { percent, message, ...others }) => {
    const own = typeof percent === 'number' ? { bin_percent: percent } : {}
    const share = (before + (own.bin_percent ?? 0) / 100) / where.bin_total
    progress({
      stage,
      percent: Math.round(share * 1e4) / 100,
      ...(typeof message === 'string' ? { message } : {}),
      detail: { ...where, ...own, ...others },
    })
  }
}

/** A mask without a row of its own would be found under a region it does not show. */
function masksOf(binId: string, { table, artifacts }: BinOutput): [string, Artifact][] {
  if (artifacts === undefined) return []
  if (artifacts.length !== table.length)
    throw new PermanentError(
      `${binId} has ${table.length} rows and ${artifacts.length} artifacts: give one for each row, or undefined.`,
    )
  return artifacts.flatMap((artifact, at) =>
    artifact === undefined ? [] : [[maskMember(binId, table[at]?.roi_number ?? 0), artifact]],
  )
}

function bytesOf(artifact: Artifact): Uint8Array | Promise<Uint8Array> {
  if (artifact instanceof Uint8Array) return artifact
  if (typeof artifact === 'object' && artifact !== null && 'width' in artifact)
    return greyPng(artifact)
  throw new PermanentError(
    `An artifact is bytes, or an image {width, height, data}; got ${typeof artifact}.`,
  )
}
