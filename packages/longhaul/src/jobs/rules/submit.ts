import { LonghaulError } from '../../errors/index.ts'
import type { EngineSettings } from '../engine-options.ts'
import type { NewJob } from '../engine.ts'
import type { JobRow } from '../row.ts'
import { boundedMs } from './decision.ts'
import { rankOf } from './rank.ts'

/** Most dependencies of one job. */
export const maxDependencies = 1_000

/** The row of a new job. `clock`: its lane's, which never goes back; `blockedBy`: dependencies that have not ended. */
export function newRow(
  job: NewJob,
  { clock, blockedBy, now }: { clock: number; blockedBy: number; now: number },
): Omit<JobRow, 'seq'> {
  const delayMs = boundedMs(job.delayMs ?? 0)
  const runAfter = delayMs > 0 ? now + delayMs : clock
  const priority = job.priority ?? 2
  const isReady = delayMs === 0 && blockedBy === 0
  return {
    id: job.id,
    queue: job.queue,
    processor: job.processor,
    version: job.version,
    kind: job.kind,
    owner: job.owner,
    state: 'queued',
    priority,
    rank_at: rankOf(runAfter, priority),
    run_after: runAfter,
    wake_at: delayMs > 0 ? runAfter : null,
    blocked_by: blockedBy,
    params: JSON.stringify(job.params),
    idem_key: job.idempotency?.key ?? null,
    idem_hash: job.idempotency?.hash ?? null,
    attempt: 0,
    failures: 0,
    lost: 0,
    max_failures: job.maxFailures ?? 1,
    timeout_ms: job.timeoutMs === undefined ? null : boundedMs(job.timeoutMs),
    deadline_at: null,
    lease_nonce: null,
    lease_worker: null,
    lease_expires_at: null,
    stop_told_at: null,
    cancel_requested_at: null,
    event_no: 1,
    publishing: null,
    result: null,
    problem: null,
    created_at: now,
    started_at: null,
    completed_at: null,
    updated_at: now,
    queued_at: now,
    ready_at: isReady ? now : null,
    expires_at: job.expiresInMs === undefined ? null : now + boundedMs(job.expiresInMs),
    on_dependency: (job.dependsOn ?? []).length === 0 ? null : (job.onDependency ?? 'completed'),
    silent_since: null,
    checkpoint_at: null,
    batch_id: job.batch?.id ?? null,
    batch_item: job.batch?.item ?? null,
  }
}

/** Throws 'queue-full' when more would be queued than may be; the counts include those asked for. */
export function refuseBeyond(
  settings: EngineSettings,
  queued: { readonly ofOwner: number; readonly all: number },
): void {
  const { maxQueued, maxQueuedPerOwner } = settings
  if (queued.ofOwner > maxQueuedPerOwner)
    throw new LonghaulError(
      'queue-full',
      `${maxQueuedPerOwner} of your jobs are queued already; submit more when some have started.`,
    )
  if (queued.all > maxQueued)
    throw new LonghaulError(
      'queue-full',
      `${maxQueued} jobs are queued already; submit more when some have started.`,
    )
}
