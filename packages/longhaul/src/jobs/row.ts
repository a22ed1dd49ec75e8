import type { Problem } from '@longhaul/protocol'
import type { Job, JobKind, JobParams, JobResult, JobState, Priority, Progress } from './job.ts'

/** A row of `job`, as both drivers read it: numbers for times, JSON as text. */
export interface JobRow {
  readonly seq: number
  readonly id: string
  readonly queue: string
  readonly processor: string
  readonly version: string
  readonly kind: JobKind
  readonly owner: string
  readonly state: JobState
  readonly priority: Priority
  readonly rank_at: number
  readonly run_after: number
  readonly wake_at: number | null
  readonly blocked_by: number
  readonly params: string
  readonly idem_key: string | null
  readonly idem_hash: string | null
  readonly attempt: number
  readonly failures: number
  readonly lost: number
  readonly max_failures: number
  readonly timeout_ms: number | null
  readonly deadline_at: number | null
  readonly lease_nonce: string | null
  readonly lease_worker: string | null
  readonly lease_expires_at: number | null
  readonly stop_told_at: number | null
  readonly cancel_requested_at: number | null
  readonly event_no: number
  readonly publishing: string | null
  readonly result: string | null
  readonly problem: string | null
  readonly created_at: number
  readonly started_at: number | null
  readonly completed_at: number | null
  readonly updated_at: number
  readonly queued_at: number
  readonly ready_at: number | null
  readonly expires_at: number | null
  readonly on_dependency: 'completed' | 'any' | null
  readonly silent_since: number | null
  readonly checkpoint_at: number | null
  readonly batch_id: string | null
  readonly batch_item: number | null
}

/** What a Job tells besides its row. */
export interface JobExtras {
  /** Its row of job_progress. */
  readonly progress?: { readonly data: string; readonly updatedAt: number } | undefined
  readonly waiting?: Job['waiting'] | undefined
  readonly dependsOn?: readonly string[] | undefined
}

export function toJob(row: JobRow, extras: JobExtras = {}): Job {
  const job: Job = {
    id: row.id,
    seq: row.seq,
    queue: row.queue,
    processor: row.processor,
    version: row.version,
    kind: row.kind,
    owner: row.owner,
    state: row.state,
    priority: row.priority,
    params: parse<JobParams>(row.params),
    attempt: row.attempt,
    failures: row.failures,
    lost: row.lost,
    maxFailures: row.max_failures,
    runAfter: row.run_after,
    publishing: row.publishing !== null,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    eventNo: row.event_no,
  }
  return Object.assign(job, present(row, extras))
}

/** What only some jobs have: set one by one, because this is done several times for each job. */
function present(row: JobRow, { progress, waiting, dependsOn }: JobExtras): Partial<Job> {
  const to: { -readonly [K in keyof Job]?: Job[K] } = {}
  if (row.idem_key !== null) to.idempotencyKey = row.idem_key
  if (row.batch_id !== null && row.batch_item !== null)
    to.batch = { id: row.batch_id, item: row.batch_item }
  if (row.timeout_ms !== null) to.timeoutMs = row.timeout_ms
  if (row.lease_worker !== null) to.worker = row.lease_worker
  if (row.lease_expires_at !== null) to.leaseExpiresAt = row.lease_expires_at
  if (waiting !== undefined) to.waiting = waiting
  if (dependsOn !== undefined) to.dependsOn = dependsOn
  if (row.expires_at !== null) to.expiresAt = row.expires_at
  if (row.silent_since !== null) to.silentSince = row.silent_since
  if (row.checkpoint_at !== null) to.checkpointAt = row.checkpoint_at
  if (row.cancel_requested_at !== null) to.cancelRequestedAt = row.cancel_requested_at
  if (progress !== undefined)
    to.progress = { ...parse<Progress>(progress.data), updatedAt: progress.updatedAt }
  if (row.result !== null) to.result = parse<JobResult>(row.result)
  if (row.problem !== null) to.problem = parse<Problem>(row.problem)
  if (row.started_at !== null) to.startedAt = row.started_at
  if (row.completed_at !== null) to.completedAt = row.completed_at
  return to
}

/** Text that this engine wrote itself, so its shape is known. */
export const parse = <T>(text: string): T => JSON.parse(text) as T
