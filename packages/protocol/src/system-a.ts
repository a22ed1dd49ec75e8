import { z } from 'zod'
import { binEntry } from './bin-entry.ts'
import { callbackUrl } from './callback.ts'
import { jsonObject, timestamp } from './primitives.ts'
import { submissionOptions } from './submission.ts'

/** The four words that clients of system A know. Any other breaks them. */
export const systemAStatus = z.enum(['queued', 'processing', 'completed', 'failed'])
export type SystemAStatus = z.infer<typeof systemAStatus>

/** `POST /jobs` with a manifest: exactly one of the two. Inline it holds `files`, or `bins` as system B has them. */
export const manifestSubmission = submissionOptions.extend({
  /** JSON of the same form; a name that ends in `.jsonl` has one bin a line. */
  manifest_uri: z.string().nullish(),
  manifest_inline: z
    .union([z.object({ files: z.array(z.string()).min(1) }), z.object({ bins: z.array(binEntry) })])
    .nullish(),
  /** Fill the processor's fields that are no files. */
  parameters: jsonObject.nullish(),
  /** Which processor, where the service has several. */
  processor: z.string().nullish(),
  idempotency_key: z.string().max(255).nullish(),
  callback_url: callbackUrl.nullish(),
})
export type ManifestSubmission = z.infer<typeof manifestSubmission>

export const manifestSubmitted = z.object({
  job_id: z.string(),
  status: systemAStatus,
  created_at: timestamp,
})
export type ManifestSubmitted = z.infer<typeof manifestSubmitted>

/** `GET /jobs/{id}` of a job from a manifest or an ingest; `GET /jobs` answers an array of them. */
export const systemAJob = z
  .object({
    job_id: z.string(),
    status: systemAStatus,
    created_at: timestamp,
    started_at: timestamp.nullable(),
    completed_at: timestamp.nullable(),
    error: z.string().nullable(),
    result: jsonObject.nullable(),
    progress: jsonObject.nullable(),
  })
  .meta({ id: 'SystemAJob' })
export type SystemAJob = z.infer<typeof systemAJob>
