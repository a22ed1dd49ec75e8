import { z } from 'zod'
import { waitReason } from './job.ts'
import { jobId, timestamp } from './primitives.ts'

/** One stretch of a wait; `to` is null while it goes on. */
export const waitInterval = z.object({
  reason: waitReason,
  from: timestamp,
  to: timestamp.nullable(),
  duration_ms: z.number().min(0),
})
export type WaitInterval = z.infer<typeof waitInterval>

/** `GET /jobs/{id}/waits`: from its creation to its first start, or until now, without gap or overlap. */
export const jobWaits = z.object({
  job_id: jobId,
  intervals: z.array(waitInterval),
  /** Sum of the intervals. */
  waited_ms: z.number().min(0),
  /** The service's clock: what "until now" means here. */
  now: timestamp,
})
export type JobWaits = z.infer<typeof jobWaits>

/** What became of the newest finished jobs of a queue, at most 10,000. */
export const queueHistory = z.object({
  finished: z.int(),
  failed: z.int(),
  wait_p50_ms: z.number().nullable(),
  wait_p95_ms: z.number().nullable(),
  run_p50_ms: z.number().nullable(),
  run_p95_ms: z.number().nullable(),
})
export type QueueHistory = z.infer<typeof queueHistory>

export const queueView = z
  .object({
    queue: z.string(),
    queued: z.int(),
    running: z.int(),
    retry_wait: z.int(),
    paused: z.boolean(),
    /** Across all workers. */
    max_running: z.int().nullable(),
    /** Starts a minute. */
    rate_per_minute: z.number().nullable(),
    /** When the oldest job that could run, as far as itself is concerned, was queued. */
    oldest_ready_at: timestamp.nullable(),
    owners: z.array(
      z.object({
        owner: z.string(),
        queued: z.int(),
        running: z.int(),
        max_running: z.int().nullable(),
      }),
    ),
    /** Null when nothing has finished in that time. */
    history: queueHistory.nullable(),
  })
  .meta({ id: 'Queue' })
export type QueueView = z.infer<typeof queueView>

/** `GET /queues`. */
export const queueList = z.object({
  queues: z.array(queueView),
  /** How far back `history` looks. */
  history_seconds: z.number(),
  now: timestamp,
})
export type QueueList = z.infer<typeof queueList>

/** `PATCH /queues/{name}`. `null` takes a limit away, an absent field leaves it. */
export const queueChange = z.strictObject({
  paused: z.boolean().optional(),
  max_running: z.int().min(0).max(1_000_000).nullable().optional(),
  rate_per_minute: z.number().positive().max(1e9).nullable().optional(),
  /** Then `max_running` is the most this owner may run of the queue. */
  owner: z.string().min(1).max(64).optional(),
})
export type QueueChange = z.infer<typeof queueChange>

/** `lost`: silent for longer than a lease; its jobs are moved on. `drained`: draining, and nothing runs there any more. */
export const workerState = z.enum(['alive', 'draining', 'drained', 'lost'])
export type WorkerState = z.infer<typeof workerState>

export const workerView = z
  .object({
    worker_id: z.string(),
    host: z.string(),
    pid: z.int(),
    version: z.string().nullable(),
    state: workerState,
    slots: z.int(),
    /** Queues it claims from. */
    queues: z.array(z.string()),
    /** Why it claims nothing at present. */
    holding: z.enum(['disk', 'draining']).nullable(),
    started_at: timestamp,
    seen_at: timestamp,
    drain_requested_at: timestamp.nullable(),
    jobs: z.array(z.object({ job_id: jobId, queue: z.string(), lease_expires_at: timestamp })),
  })
  .meta({ id: 'Worker' })
export type WorkerView = z.infer<typeof workerView>

/** `GET /workers`. */
export const workerList = z.object({ workers: z.array(workerView), now: timestamp })
export type WorkerList = z.infer<typeof workerList>

/** `GET /status`: what the service knows of itself and of the machine it runs on. */
export const serviceStatus = z.object({
  name: z.string(),
  version: z.string(),
  started_at: timestamp,
  now: timestamp,
  /** `sqlite` serves one host, `postgres` many. */
  database: z.object({ kind: z.enum(['sqlite', 'postgres']), bytes: z.number().nullable() }),
  /** The volume of the data directory. `full_in_seconds` at the rate of the past hours, where that can be told. */
  disk: z
    .object({
      free_bytes: z.number(),
      total_bytes: z.number(),
      /** Nothing is claimed and no upload taken below so much. */
      floor_bytes: z.number(),
      full_in_seconds: z.number().nullable(),
    })
    .nullable(),
  /** The newest backup of the embedded instance. */
  backup_at: timestamp.nullable(),
})
export type ServiceStatus = z.infer<typeof serviceStatus>
