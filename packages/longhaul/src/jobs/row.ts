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

export function toJob(row: JobRow, { progress, waiting, dependsOn }: JobExtras = {}): Job {
  return {
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
    ...optional('idempotencyKey', row.idem_key),
    ...(row.batch_id === null || row.batch_item === null
      ? {}
      : { batch: { id: row.batch_id, item: row.batch_item } }),
    attempt: row.attempt,
    failures: row.failures,
    lost: row.lost,
    maxFailures: row.max_failures,
    ...optional('timeoutMs', row.timeout_ms),
    runAfter: row.run_after,
    ...optional('worker', row.lease_worker),
    ...optional('leaseExpiresAt', row.lease_expires_at),
    ...optional('waiting', waiting),
    ...optional('dependsOn', dependsOn),
    ...optional('expiresAt', row.expires_at),
    ...optional('silentSince', row.silent_since),
    ...optional('checkpointAt', row.checkpoint_at),
    ...optional('cancelRequestedAt', row.cancel_requested_at),
    publishing: row.publishing !== null,
    ...(progress === undefined
      ? {}
      : { progress: { ...parse<Progress>(progress.data), updatedAt: progress.updatedAt } }),
    ...(row.result === null ? {} : { result: parse<JobResult>(row.result) }),
    ...(row.problem === null ? {} : { problem: parse<Problem>(row.problem) }),
    createdAt: row.created_at,
    ...optional('startedAt', row.started_at),
    ...optional('completedAt', row.completed_at),
    updatedAt: row.updated_at,
    eventNo: row.event_no,
  }
}

/** Text that this engine wrote itself, so its shape is known. */
export const parse = <T>(text: string): T => JSON.parse(text) as T

const optional = <K extends string, V>(key: K, value: V | null | undefined): { [P in K]?: V } =>
  value === null || value === undefined ? {} : ({ [key]: value } as { [P in K]: V })
