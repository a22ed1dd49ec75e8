import { z } from 'zod'
import { jobOutput, jobProblem, jobStatuses } from './job.ts'
import { jobId, json, jsonObject, sha256, timestamp } from './primitives.ts'
import { memoryLimit, submissionOptions } from './submission.ts'

/** Opaque, like a job's. */
export const batchId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,128}$/)
  .meta({ description: 'Opaque batch id' })

const itemFields = {
  /** A relative path such as `scans/a/0412.tif`; unique in its batch, or made so. @default the file's name */
  name: z.string().max(900).optional(),
  /** For this item; win over the batch's. */
  parameters: jsonObject.optional(),
}
/**
 * One item: a file (its URI as plain text is enough), or the processor's whole input. The file fills the processor's file
 * input, `field` where it has several.
 */
export const batchItem = z.union([
  z.string(),
  z.object({ upload_id: z.string(), ...itemFields }),
  z.object({ uri: z.string(), ...itemFields }),
  z.object({ input: jsonObject, name: itemFields.name }),
])
export type BatchItem = z.infer<typeof batchItem>

/** `POST /processors/{name}/batches`. Items are listed, or named by a manifest, or are the objects below a prefix. */
export const batchSubmission = submissionOptions
  .pick({
    priority: true,
    timeout_seconds: true,
    max_attempts: true,
    idempotency_key: true,
    callback_url: true,
    tags: true,
    reuse: true,
  })
  .extend({
    items: z.array(batchItem).max(100_000).optional(),
    /** An object with `{"items": […]}`, `{"files": […]}` or, if its name ends in `.jsonl`, an item a line. */
    manifest_uri: z.string().optional(),
    /** `s3://<bucket>/<prefix>`: every object below it, in the order of the keys. */
    prefix: z.string().optional(),
    /** With `prefix`: a glob for what follows it, such as `**` + `/*.tif`. */
    match: z.string().max(1000).optional(),
    /** What every item's input has besides its file. */
    parameters: jsonObject.optional(),
    /** The file input that items fill, where the processor has several. */
    field: z.string().optional(),
    /** Which processor, on `POST /batches` of a service that has several. */
    processor: z.string().optional(),
  })
export type BatchSubmission = z.infer<typeof batchSubmission>

/** `cancelled`: it was cancelled, or all that did not complete was. `some_failed`: it has ended, and some items completed. */
export const batchStatus = z.enum([
  'running',
  'cancelling',
  'completed',
  'some_failed',
  'failed',
  'cancelled',
])
export type BatchStatus = z.infer<typeof batchStatus>
export const isBatchFinished = (status: BatchStatus): boolean =>
  status !== 'running' && status !== 'cancelling'

/** `pending`: an item that is not a job yet; a batch has at most a thousand jobs waiting or running at a time. */
export const batchItemStatuses = ['pending', ...jobStatuses] as const
export const batchItemStatus = z.enum(batchItemStatuses)
export type BatchItemStatus = z.infer<typeof batchItemStatus>

export const batchView = z
  .object({
    batch_id: batchId,
    processor: z.string(),
    version: z.string(),
    owner: z.string(),
    status: batchStatus,
    /** Items by state; `removed` are those whose jobs have been deleted. */
    counts: z.object({
      total: z.int(),
      ...(Object.fromEntries(batchItemStatuses.map((status) => [status, z.int()])) as Record<
        BatchItemStatus,
        z.ZodInt
      >),
      removed: z.int(),
    }),
    /** Failed items by the code of their problem. */
    failures: z.record(z.string(), z.int()),
    parameters: jsonObject,
    /** What each of its jobs can be found by. */
    tags: z.array(z.string()).default([]),
    created_at: timestamp,
    cancelled_at: timestamp.nullable(),
    links: z.object({
      self: z.string(),
      items: z.string(),
      results: z.string(),
      /** The same table in Parquet. */
      parquet: z.string(),
      cancel: z.string(),
      retry: z.string(),
      events: z.string().default(''),
      zip: z.string(),
      tar: z.string(),
    }),
  })
  .meta({ id: 'Batch' })
export type BatchView = z.infer<typeof batchView>

/** `GET /batches`: newest first. */
export const batchList = z.object({
  batches: z.array(batchView),
  /** Pass as `cursor` for the next page; null on the last. */
  next: z.string().nullable(),
})
export type BatchList = z.infer<typeof batchList>

/** An item as it is now, and a row of the results table. */
export const batchItemView = z
  .object({
    item: z.int().min(1),
    name: z.string(),
    status: batchItemStatus,
    /** Null while it is pending. */
    job_id: jobId.nullable(),
    inputs: z.array(
      z.object({
        field: z.string(),
        name: z.string(),
        uri: z.string(),
        /** Null where nobody has looked yet. */
        size_bytes: z.int().nullable(),
        sha256: sha256.nullable(),
      }),
    ),
    parameters: jsonObject,
    /** What the processor returned. */
    result: json,
    outputs: z.array(jobOutput),
    problem: jobProblem.nullable(),
    attempt: z.int(),
    created_at: timestamp.nullable(),
    started_at: timestamp.nullable(),
    completed_at: timestamp.nullable(),
  })
  .meta({ id: 'BatchItem' })
export type BatchItemView = z.infer<typeof batchItemView>

/** `GET /batches/{id}/items`: in the order of the items. */
export const batchItemList = z.object({
  items: z.array(batchItemView),
  next: z.string().nullable(),
})
export type BatchItemList = z.infer<typeof batchItemList>

/** `POST /batches/{id}/retry`. */
export const batchRetry = z.object({
  /** Codes of problems, and `cancelled` for what a cancel kept from its end. @default every failed item */
  only: z.array(z.string().min(1).max(100)).min(1).max(100).optional(),
  /** @default checkpoint */
  from: z.enum(['checkpoint', 'start']).optional(),
  memory_bytes: memoryLimit.optional(),
})
export type BatchRetry = z.infer<typeof batchRetry>
export const batchRetried = z.object({ retried: z.int(), batch: batchView })
export type BatchRetried = z.infer<typeof batchRetried>

export const batchItemStatusFilter = z.array(batchItemStatus)
