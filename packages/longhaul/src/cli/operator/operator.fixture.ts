import type { JobView, QueueView, WorkerView } from '@longhaul/protocol'
import type { ServiceLook } from './look.ts'

/** A service where nothing is wrong, for tests to break. */
export const now = Date.parse('2026-11-23T03:00:00.000Z')
export const ago = (ms: number): string => new Date(now - ms).toISOString()

export const queueOf = (change: Partial<QueueView> = {}): QueueView => ({
  queue: 'segment',
  queued: 0,
  running: 0,
  retry_wait: 0,
  paused: false,
  max_running: null,
  rate_per_minute: null,
  oldest_ready_at: null,
  owners: [],
  history: null,
  ...change,
})

export const workerOf = (change: Partial<WorkerView> = {}): WorkerView => ({
  worker_id: 'gpu-1:10:1',
  host: 'gpu-1',
  pid: 10,
  version: '1',
  state: 'alive',
  slots: 2,
  queues: ['segment'],
  holding: null,
  started_at: ago(1000),
  seen_at: ago(10),
  drain_requested_at: null,
  jobs: [],
  ...change,
})

export const jobOf = (change: Partial<JobView> = {}): JobView => ({
  job_id: 'j_01k8a1b2c3d4e5f6g7h8j9k0mn',
  processor: 'segment',
  queue: 'segment',
  version: '1',
  kind: 'processor',
  status: 'queued',
  priority: 2,
  owner: 'ana',
  attempt: 0,
  failures: 0,
  lost: 0,
  max_attempts: 1,
  created_at: ago(60_000),
  updated_at: ago(60_000),
  started_at: null,
  completed_at: null,
  cancel_requested_at: null,
  expires_at: null,
  run_after: null,
  waiting: { reason: 'slots', position: 3, since: ago(60_000) },
  batch_id: null,
  batch_item: null,
  depends_on: [],
  silent_since: null,
  checkpoint_at: null,
  memory_bytes: null,
  tags: [],
  progress: null,
  result: null,
  outputs: [],
  problem: null,
  error: null,
  links: { self: '', events: '', outputs: '', logs: '', cancel: '' },
  ...change,
})

export const lookOf = (change: Partial<ServiceLook> = {}): ServiceLook => ({
  service: {
    name: 'lh',
    version: '1',
    started_at: ago(3_600_000),
    now: ago(0),
    database: { kind: 'sqlite', bytes: 1000 },
    disk: { free_bytes: 50e9, total_bytes: 100e9, floor_bytes: 1e9, full_in_seconds: null },
    backup_at: ago(3_600_000),
  },
  queues: { queues: [queueOf()], history_seconds: 86_400, now: ago(0) },
  workers: [workerOf()],
  processors: [],
  silent: [],
  failures: [],
  ...change,
})
