import { z } from 'zod'
import { jobId, sha256, timestamp } from './primitives.ts'

/** How a submission that was allowed to reuse a result came to make a job of its own. */
export const cacheOutcome = z.enum([
  /** Nothing was there that follows from the same. */
  'missed',
  /** The request wanted it made anew. */
  'forced',
  /** The digest of an input was not known when it was submitted. */
  'unknown',
  /** The result was there, but some of its outputs were not. */
  'outputs-gone',
  /** Neither the request nor the processor asked for it. */
  'not-asked',
])
export type CacheOutcome = z.infer<typeof cacheOutcome>

/** One thing in which this job and another one differ. */
export const cacheDifference = z.object({
  component: z.enum(['version', 'code', 'parameter', 'input']),
  /** Of the parameter or the input field. */
  name: z.string().nullable(),
  /** Of this job; null: it has none. */
  here: z.string().nullable(),
  /** Of the other one. */
  there: z.string().nullable(),
})
export type CacheDifference = z.infer<typeof cacheDifference>

/** `GET /jobs/{id}/cache`: what the result follows from, why it was not there already, and how often it has been reused. */
export const jobCache = z.object({
  job_id: jobId,
  outcome: cacheOutcome,
  /** A sentence. */
  reason: z.string(),
  /** Equal for jobs that have the same result; null where it cannot be told. */
  fingerprint: sha256.nullable(),
  /** The finished job of this processor that is most like it, and what differs. */
  nearest: z
    .object({ job_id: jobId, made_at: timestamp, differences: z.array(cacheDifference) })
    .nullable(),
  /** Submissions that were answered with this job's result. */
  reused: z.object({ count: z.int(), last_at: timestamp.nullable() }),
})
export type JobCache = z.infer<typeof jobCache>
