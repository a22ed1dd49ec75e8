import { z } from 'zod'
import { jobId, timestamp } from './primitives.ts'

/** `http` or `https`. What it leads to is checked by the service, when it is handed in and whenever it is used. */
export const callbackUrl = z.string().max(2048)

/** `waiting` to be sent, or to be sent again; `dead`: given up, until somebody asks for another round. */
export const callbackStatus = z.enum(['waiting', 'delivered', 'dead'])
export type CallbackStatus = z.infer<typeof callbackStatus>

export const callbackTry = z.object({
  at: timestamp,
  duration_ms: z.number().min(0),
  /** Of the answer; null where none came. */
  status: z.int().nullable(),
  /** Why it does not count as delivered. */
  error: z.string().nullable(),
})
export type CallbackTry = z.infer<typeof callbackTry>

/** One message to a `callback_url` about one end of a job or a batch; one that is retried ends again. */
export const callbackView = z
  .object({
    /** Also its header `webhook-id`: the same for every try. */
    callback_id: z.string(),
    /** Null of a batch's. */
    job_id: jobId.nullable(),
    batch_id: z.string().nullable().default(null),
    url: z.string(),
    status: callbackStatus,
    created_at: timestamp,
    delivered_at: timestamp.nullable(),
    next_try_at: timestamp.nullable(),
    /** The newest 100, oldest first. */
    tries: z.array(callbackTry),
  })
  .meta({ id: 'Callback' })
export type CallbackView = z.infer<typeof callbackView>

/** `GET /callbacks`, `GET /jobs/{id}/callbacks`, `GET /batches/{id}/callbacks`: newest first. */
export const callbackList = z.object({
  callbacks: z.array(callbackView),
  /** Pass as `cursor` for the next page; null on the last. */
  next: z.string().nullable(),
})
export type CallbackList = z.infer<typeof callbackList>

/** `GET /callbacks/secret`. */
export const callbackSecret = z.object({
  /** `whsec_…`: what the caller's callbacks are signed with (Standard Webhooks, HMAC-SHA256). */
  secret: z.string(),
})
export type CallbackSecret = z.infer<typeof callbackSecret>

/** `type` of the body of a callback. */
export const callbackTypes = [
  'job.completed',
  'job.failed',
  'job.cancelled',
  'batch.completed',
  'batch.some_failed',
  'batch.failed',
  'batch.cancelled',
] as const
export type CallbackType = (typeof callbackTypes)[number]
