import type {
  JobWaits,
  QueueView as WireQueue,
  WorkerState,
  WorkerView as WireWorker,
} from '@longhaul/protocol'
import type { QueueHistory, QueueView, WaitInterval, WorkerView } from '../engine.ts'
import type { JobId } from '../job.ts'
import { iso, isoOrNull } from './native.ts'

/** Why a job waited, as the wire says it. */
export function nativeWaits(id: JobId, intervals: readonly WaitInterval[], now: number): JobWaits {
  const told = intervals.map(({ reason, from, to }) => ({
    reason,
    from: iso(from),
    to: isoOrNull(to),
    duration_ms: Math.max(0, (to ?? now) - from),
  }))
  const waited_ms = told.reduce((sum, { duration_ms }) => sum + duration_ms, 0)
  return { job_id: id, intervals: told, waited_ms, now: iso(now) }
}

export function nativeQueue(queue: QueueView, history: QueueHistory | undefined): WireQueue {
  return {
    queue: queue.queue,
    queued: queue.queued,
    running: queue.running,
    retry_wait: queue.retryWait,
    paused: queue.paused,
    max_running: queue.maxRunning ?? null,
    rate_per_minute: queue.ratePerMinute ?? null,
    oldest_ready_at: isoOrNull(queue.oldestReadyAt),
    owners: queue.owners.map(({ owner, queued, running, maxRunning }) => ({
      owner,
      queued,
      running,
      max_running: maxRunning ?? null,
    })),
    history: history === undefined ? null : nativeHistory(history),
  }
}

const nativeHistory = (history: QueueHistory): NonNullable<WireQueue['history']> => ({
  finished: history.finished,
  failed: history.failed,
  wait_p50_ms: history.waitP50 ?? null,
  wait_p95_ms: history.waitP95 ?? null,
  run_p50_ms: history.runP50 ?? null,
  run_p95_ms: history.runP95 ?? null,
})

export function nativeWorker(worker: WorkerView, now: number, leaseMs: number): WireWorker {
  return {
    worker_id: worker.id,
    host: worker.host,
    pid: worker.pid,
    version: worker.version ?? null,
    state: stateOf(worker, now, leaseMs),
    slots: worker.slots,
    queues: [...(worker.queues ?? [])],
    holding: worker.holding ?? null,
    started_at: iso(worker.startedAt),
    seen_at: iso(worker.seenAt),
    drain_requested_at: isoOrNull(worker.drainRequestedAt),
    jobs: worker.jobs.map(({ id, queue, leaseExpiresAt }) => ({
      job_id: id,
      queue,
      lease_expires_at: iso(leaseExpiresAt),
    })),
  }
}

/** A worker touches its leases ten times in the length of one: silent for a whole lease, it holds none any more. */
function stateOf(worker: WorkerView, now: number, leaseMs: number): WorkerState {
  if (now - worker.seenAt > leaseMs) return 'lost'
  // Until it says so itself it may not have heard of the order, and still claim.
  if (worker.holding === 'draining') return worker.jobs.length === 0 ? 'drained' : 'draining'
  return worker.drainRequestedAt === undefined ? 'alive' : 'draining'
}
