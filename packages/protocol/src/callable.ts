import { z } from 'zod'
import { callbackUrl } from './callback.ts'
import { jsonObject, timestamp } from './primitives.ts'
import { submissionOptions } from './submission.ts'

/** The four words that clients of system D know. */
export const callableStatuses = ['pending', 'running', 'completed', 'failed'] as const
export const callableStatus = z.enum(callableStatuses)
export type CallableStatus = z.infer<typeof callableStatus>

/** What any call may carry beside its parameters; older clients send null for what they do not want. */
const callOptions = submissionOptions.extend({
  idempotency_key: z.string().max(255).nullish(),
  callback_url: callbackUrl.nullish(),
})

/** `POST /jobs` for a callable: without an entrypoint it is the one that the operator has set. */
export const callableSubmission = callOptions.extend({
  /** Given to the callable by name. */
  parameters: jsonObject.nullish(),
  /** `module:callable` as the operator lists it, or the name it is listed under. */
  entrypoint: z.string().nullish(),
})
export type CallableSubmission = z.infer<typeof callableSubmission>

/** `POST /run/{task}`; `params` and `parameters` are the same. */
export const taskSubmission = callOptions.extend({
  params: jsonObject.nullish(),
  parameters: jsonObject.nullish(),
})
export type TaskSubmission = z.infer<typeof taskSubmission>

export const callableSubmitted = z
  .object({
    job_id: z.string(),
    status: callableStatus,
    created_at: timestamp,
    /** Where the service keeps it, below the folder that holds all run directories. */
    status_file: z.string(),
  })
  .meta({ id: 'CallableSubmitted' })
export type CallableSubmitted = z.infer<typeof callableSubmitted>

/** `GET /jobs/{id}` of a callable, and `status.json` of its run directory. */
export const callableJob = z
  .object({
    job_id: z.string(),
    status: callableStatus,
    created_at: timestamp,
    started_at: timestamp.nullable(),
    completed_at: timestamp.nullable(),
    error: z.string().nullable(),
    /** What the callable returned, below `result`; null where it returned nothing. */
    result: jsonObject.nullable(),
  })
  .meta({ id: 'CallableJob' })
export type CallableJob = z.infer<typeof callableJob>

/** `GET /jobs?status_filter=` or `?envelope=1`. */
export const callableJobList = z.object({
  jobs: z.array(callableJob),
  /** Of this page. */
  count: z.int(),
  /** Of all pages. */
  total: z.int(),
})
export type CallableJobList = z.infer<typeof callableJobList>

/** One line of what the operator lists. */
export const callableView = z.object({
  name: z.string(),
  /** `module:callable`. */
  entrypoint: z.string(),
  description: z.string(),
  /** `python3.11`, `node24`; null where it cannot be loaded. */
  runtime: z.string().nullable(),
  state: z.enum(['starting', 'ready', 'broken']),
  /** Why it cannot be loaded. */
  error: z.string().nullable(),
  /** Whether it is what a request without an entrypoint calls. */
  is_default: z.boolean(),
  run: z.string(),
})
export type CallableView = z.infer<typeof callableView>

/** `GET /callables`. */
export const callableList = z.object({ callables: z.array(callableView) })
export type CallableList = z.infer<typeof callableList>
