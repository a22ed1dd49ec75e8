import { z } from 'zod'
import { jobId, json, jsonObject, sha256, timestamp } from './primitives.ts'

export const jobStatuses = [
  'queued',
  'running',
  'retry_wait',
  'paused',
  'completed',
  'failed',
  'cancelled',
] as const
export const jobStatus = z.enum(jobStatuses)
export type JobStatus = z.infer<typeof jobStatus>

export const jobKinds = ['batch', 'processor', 'callable', 'operation', 'upload', 'typed'] as const
export const jobKind = z.enum(jobKinds)
export type JobKind = z.infer<typeof jobKind>

/** The job has ended; nothing about it changes until someone retries it. */
export const isFinished = (status: JobStatus): boolean =>
  status === 'completed' || status === 'failed' || status === 'cancelled'

/** Newest only; replaces the one before. `detail` carries whatever else the processor said. */
export const jobProgress = z.object({
  stage: z.string().nullable(),
  percent: z.number().nullable(),
  message: z.string().nullable(),
  done: z.number().nullable(),
  total: z.number().nullable(),
  rate_per_second: z.number().nullable(),
  eta_seconds: z.number().nullable(),
  detail: jsonObject.nullable(),
  updated_at: timestamp,
})
export type JobProgress = z.infer<typeof jobProgress>

/** A published output. `url` gives the bytes; `uri` is where the store keeps them. */
export const jobOutput = z.object({
  name: z.string(),
  /** Field of the processor's output schema it belongs to. */
  field: z.string().nullable(),
  uri: z.string(),
  size_bytes: z.int(),
  sha256,
  content_type: z.string(),
  url: z.string(),
})
export type JobOutput = z.infer<typeof jobOutput>

/** `GET /jobs/{id}/outputs`. Empty until the job has completed. */
export const outputList = z.object({ job_id: jobId, outputs: z.array(jobOutput) })
export type OutputList = z.infer<typeof outputList>

/** Why a job that is queued does not run: the first that holds, in this order. */
export const waitReasons = [
  'dependency',
  'delayed',
  'paused',
  'disk',
  'rate-limit',
  'owner-share',
  'slots',
] as const
export const waitReason = z.enum(waitReasons)
export type WaitReason = z.infer<typeof waitReason>

export const jobWaiting = z.object({
  reason: waitReason,
  /** Jobs of its owner and queue ahead of it, up to 1,000. */
  position: z.int().min(0),
  since: timestamp,
})
export type JobWaiting = z.infer<typeof jobWaiting>

/** The problem that ended an attempt, as the engine keeps it. */
export const jobProblem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
})
export type JobProblem = z.infer<typeof jobProblem>

export const jobLinks = z.object({
  self: z.string(),
  events: z.string(),
  outputs: z.string(),
  logs: z.string(),
  cancel: z.string(),
})

/** The native job: `GET /jobs/{id}?view=native`, and every answer about a job of kind `processor`. */
export const jobView = z
  .object({
    job_id: jobId,
    processor: z.string(),
    /** Where it waits: the processor's name, unless that says otherwise. */
    queue: z.string().default(''),
    version: z.string(),
    kind: jobKind,
    status: jobStatus,
    priority: z.int().min(1).max(3),
    owner: z.string(),
    /** Number of the newest attempt, 0 before the first. */
    attempt: z.int(),
    /** Failures and timeouts of the processor, counted against `max_attempts`. */
    failures: z.int(),
    /** Attempts whose worker was lost; counted apart. */
    lost: z.int(),
    max_attempts: z.int(),
    created_at: timestamp,
    updated_at: timestamp,
    started_at: timestamp.nullable(),
    completed_at: timestamp.nullable(),
    cancel_requested_at: timestamp.nullable(),
    // These ten and the queue have defaults, so that a client can read a service that is older than they are.
    /** It fails `expired` unless it has started by then. */
    expires_at: timestamp.nullable().default(null),
    /** While it is queued, or waits to try again: not before then. */
    run_after: timestamp.nullable().default(null),
    waiting: jobWaiting.nullable().default(null),
    /** The batch that it is an item of, and its number there. */
    batch_id: z.string().nullable().default(null),
    batch_item: z.int().nullable().default(null),
    depends_on: z.array(jobId).default([]),
    /** While running: its last sign of life, if that was long ago. */
    silent_since: timestamp.nullable().default(null),
    /** When its newest checkpoint was saved: what a retry goes on from. */
    checkpoint_at: timestamp.nullable().default(null),
    tags: z.array(z.string()).default([]),
    /** What a retry gave its attempts, instead of the processor's own limit. */
    memory_bytes: z.int().nullable().default(null),
    progress: jobProgress.nullable(),
    /** What the processor returned; file fields hold `{ "$output": name }`. */
    result: json,
    outputs: z.array(jobOutput),
    problem: jobProblem.nullable(),
    /** The problem's sentence. */
    error: z.string().nullable(),
    links: jobLinks,
    /** In the answer to a submission: the job was there already, and follows from the same as what was asked for. */
    reused: z.literal(true).optional(),
  })
  .meta({ id: 'Job' })
export type JobView = z.infer<typeof jobView>
