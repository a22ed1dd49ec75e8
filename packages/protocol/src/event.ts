import { z } from 'zod'
import { jobProgress } from './job.ts'
import { jobId, jsonObject, timestamp } from './primitives.ts'

/**
 * One frame's `data` of `GET /jobs/{id}/events`. The engine says queued, started, retry_wait, lost, released, publishing,
 * completed, failed, cancel_requested, cancelled, retried; attempts add message and output. More may come: ignore what you
 * do not know.
 */
export const jobEvent = z.object({
  job_id: jobId,
  no: z.int(),
  type: z.string(),
  attempt: z.int(),
  at: timestamp,
  data: jsonObject,
})
export type JobEvent = z.infer<typeof jobEvent>

/** Data of `event: progress`: newest only, without an SSE id, never replayed. */
export const progressEvent = z.object({
  job_id: jobId,
  type: z.literal('progress'),
  attempt: z.int(),
  data: jobProgress,
})
export type ProgressEvent = z.infer<typeof progressEvent>

/** The stream ends after one of these. */
export const terminalEventTypes = ['completed', 'failed', 'cancelled'] as const
export const isTerminalEvent = (type: string): boolean =>
  (terminalEventTypes as readonly string[]).includes(type)
