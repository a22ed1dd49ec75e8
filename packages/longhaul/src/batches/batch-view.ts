import type { BatchItemView, BatchView, Problem } from '@longhaul/protocol'
import { iso, isoOrNull, nativeOutput, publicProblem } from '../jobs/index.ts'
import type { FileRef, JobParams, JobResult } from '../jobs/job.ts'
import type { Json, JsonObject } from '../support/json.ts'
import type { BatchRow, ItemJobRow, JobOfBatch, PendingItemRow } from './batch.ts'
import { statusOf, type Counted } from './count-items.ts'

/** A batch with its counts, as they are now. */
export type ViewOf = (batch: BatchRow) => Promise<BatchView>

export function batchView(batch: BatchRow, { counts, failures }: Counted): BatchView {
  const self = `/batches/${batch.id}`
  return {
    batch_id: batch.id,
    processor: batch.processor,
    version: (JSON.parse(batch.job) as JobOfBatch).version,
    owner: batch.owner,
    status: statusOf(counts, batch.cancelled_at !== null),
    counts,
    failures,
    parameters: JSON.parse(batch.parameters) as BatchView['parameters'],
    tags: tagsOf(batch),
    created_at: iso(batch.created_at),
    cancelled_at: isoOrNull(batch.cancelled_at ?? undefined),
    links: {
      self,
      items: `${self}/items`,
      results: `${self}/results.jsonl`,
      parquet: `${self}/results.parquet`,
      cancel: `${self}/cancel`,
      retry: `${self}/retry`,
      events: `${self}/events`,
      zip: `${self}/outputs.zip`,
      tar: `${self}/outputs.tar`,
    },
  }
}

export const tagsOf = ({ tags }: Pick<BatchRow, 'tags'>): string[] =>
  tags === null ? [] : (JSON.parse(tags) as string[])

/** An item that is a job. `files`: the names of the processor's file inputs. */
export function itemOfJob(row: ItemJobRow, files: ReadonlySet<string>): BatchItemView {
  const { input, item } = JSON.parse(row.params) as JobParams
  const result = row.result === null ? undefined : (JSON.parse(row.result) as JobResult)
  const problem = row.problem === null ? null : (JSON.parse(row.problem) as Problem)
  return {
    item: row.batch_item,
    name: item?.name ?? String(row.batch_item),
    status: row.state,
    job_id: row.id,
    ...inputOf(input, files),
    result: (result?.value ?? null) as BatchItemView['result'],
    outputs: (result?.outputs ?? []).map((output) => nativeOutput(row.id, output)),
    problem: problem && publicProblem(problem),
    attempt: row.attempt,
    created_at: iso(row.created_at),
    started_at: isoOrNull(row.started_at ?? undefined),
    completed_at: isoOrNull(row.completed_at ?? undefined),
  }
}

export function pendingItem(
  { item, name, input }: PendingItemRow,
  files: ReadonlySet<string>,
  isCancelled: boolean,
): BatchItemView {
  return {
    item,
    name,
    status: isCancelled ? 'cancelled' : 'pending',
    job_id: null,
    ...inputOf(JSON.parse(input) as JsonObject, files),
    ...{ result: null, outputs: [], problem: null, attempt: 0 },
    ...{ created_at: null, started_at: null, completed_at: null },
  }
}

function inputOf(input: JsonObject, files: ReadonlySet<string>) {
  const inputs: BatchItemView['inputs'] = []
  const parameters: Record<string, Json> = {}
  for (const [field, value] of Object.entries(input)) {
    if (!files.has(field)) {
      parameters[field] = value
      continue
    }
    for (const { name, uri, size, sha256 } of [value ?? []].flat() as unknown as FileRef[])
      inputs.push({ field, name, uri, size_bytes: size ?? null, sha256: sha256 ?? null })
  }
  return { inputs, parameters: parameters as BatchItemView['parameters'] }
}
