import type { JobUpkeep, WorkerInfo, WorkerView } from '../engine.ts'
import type { JobRow } from '../row.ts'
import { toWorker, type WorkerRow } from '../rules/index.ts'
import { leasesOfWorker } from './dead-workers.ts'
import { commit, type Engine, type Tx } from './transaction.ts'

/** Remembers that a worker is alive, where, and what it says of itself. */
export function seeWorker(tx: Tx, worker: WorkerInfo): void {
  const holding = worker.holding ?? null
  const queues = worker.queues === undefined ? null : JSON.stringify(worker.queues)
  const before = tx.connection.get<WorkerRow>('SELECT * FROM worker WHERE id = ?', worker.id)
  // Every claim says it again; a touch does so at least as often as this.
  const isKnown =
    before !== undefined &&
    before.holding === holding &&
    before.queues === queues &&
    Math.abs(tx.now - before.seen_at) < tx.settings.leaseMs / 20
  if (isKnown) return
  tx.connection.run(
    `INSERT INTO worker (id, host, boot_id, pid, slots, version, queues, holding, started_at, seen_at)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)
     ON CONFLICT (id) DO UPDATE SET host = excluded.host, boot_id = excluded.boot_id, pid = excluded.pid,
       slots = excluded.slots, version = excluded.version, queues = coalesce(excluded.queues, queues),
       holding = excluded.holding, seen_at = excluded.seen_at`,
    worker.id,
    worker.host,
    worker.bootId,
    worker.pid,
    worker.slots,
    worker.version ?? null,
    queues,
    holding,
    tx.now,
  )
  if ((before?.holding ?? null) === holding) return
  // Its queues may now wait for its disk, or no longer.
  for (const queue of worker.queues ?? []) tx.unsettled.add(queue)
}

export const staleWorkers = `SELECT id FROM worker INDEXED BY worker_seen WHERE seen_at < ?
  AND NOT EXISTS (SELECT 1 FROM job INDEXED BY job_worker WHERE state = 'running' AND lease_worker = worker.id)`

export const workers =
  (engine: Engine): JobUpkeep['workers'] =>
  async () => {
    const { reader } = engine.database
    return reader.all<WorkerRow>('SELECT * FROM worker ORDER BY id').map((row): WorkerView => ({
      ...toWorker(row),
      startedAt: row.started_at,
      seenAt: row.seen_at,
      ...(row.drain_requested_at === null ? {} : { drainRequestedAt: row.drain_requested_at }),
      jobs: reader.all<JobRow>(leasesOfWorker, row.id).map(({ id, queue, lease_expires_at }) => ({
        id,
        queue,
        leaseExpiresAt: lease_expires_at ?? 0,
      })),
    }))
  }

export const drainWorker =
  (engine: Engine): JobUpkeep['drainWorker'] =>
  (id) =>
    commit(
      engine,
      (tx) =>
        tx.connection.run(
          'UPDATE worker SET drain_requested_at = coalesce(drain_requested_at, ?) WHERE id = ?',
          tx.now,
          id,
        ) === 1,
    )

export const ordersFor =
  (engine: Engine): JobUpkeep['ordersFor'] =>
  async (id) => {
    const { reader } = engine.database
    const row = reader.get<WorkerRow>('SELECT * FROM worker WHERE id = ?', id)
    return (row?.drain_requested_at ?? null) === null ? 'work' : 'drain'
  }
