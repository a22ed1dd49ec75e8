import { z } from 'zod'
import { callbackUrl } from './callback.ts'
import { jobId, jsonObject, sha256 } from './primitives.ts'

/**
 * A file in a JSON submission: a completed upload, an object of the store, a file of another server, or one below an allowed root.
 * `sha256` (hex) is checked when the job reads it; said for a store that does not know it, results can be found again by it.
 */
export const fileReference = z.union([
  z.object({ upload_id: z.string(), sha256: sha256.optional() }),
  z.object({ uri: z.string(), name: z.string().optional(), sha256: sha256.optional() }),
])
export type FileReference = z.infer<typeof fileReference>

/** Any word without a comma or a control character. */
export const jobTag = z
  .string()
  .regex(/^[^\p{Cc},]{1,100}$/u, 'Input should be 1 to 100 characters without a comma')

/** Options any submission may carry beside its input: fields of a JSON body, or query parameters of a form. */
export const submissionOptions = z.object({
  /** 1 is soonest, 3 last. @default 2 */
  priority: z.int().min(1).max(3).optional(),
  timeout_seconds: z.number().positive().max(1e9).optional(),
  max_attempts: z.int().min(1).max(100).optional(),
  idempotency_key: z.string().max(255).optional(),
  /** Earliest start, from now. */
  delay_seconds: z.number().min(0).max(1e9).optional(),
  /** Unless it has started by then, it fails `expired`. */
  expires_in_seconds: z.number().positive().max(1e9).optional(),
  /** Jobs of the same owner that must end first. */
  depends_on: z.array(jobId).max(1000).optional(),
  /** `completed`: one that does not complete fails this job too. `any`: how they end does not matter. @default completed */
  on_dependency: z.enum(['completed', 'any']).optional(),
  /** What it can be found by: `GET /jobs?tag=run=7`. Most are written `name=value`. */
  tags: z.array(jobTag).max(20).optional(),
  /** Is told, by a signed POST, how the job ended. */
  callback_url: callbackUrl.optional(),
  /**
   * True: a job of the same processor version, parameters and input digests that has completed, or is under way, is the answer.
   * False: it is made anew. @default what the processor says, else false
   */
  reuse: z.boolean().optional(),
})

/** `POST /processors/{name}/jobs` and `…/run` as JSON. File fields of `input` hold a file reference, or an array of them. */
export const jobSubmission = submissionOptions.extend({
  input: jsonObject,
  /** Which processor, on `POST /jobs` of a service that has several. */
  processor: z.string().optional(),
})
export type JobSubmission = z.infer<typeof jobSubmission>

/** What an attempt may hold from now on, instead of the processor's own limit; the operator sets the most. */
export const memoryLimit = z
  .int()
  .min(2 ** 20)
  .max(2 ** 50)

/** `POST /jobs/{id}/retry`. */
export const retryRequest = z.object({
  /** @default checkpoint */
  from: z.enum(['checkpoint', 'start']).optional(),
  memory_bytes: memoryLimit.optional(),
})
export type RetryRequest = z.infer<typeof retryRequest>
