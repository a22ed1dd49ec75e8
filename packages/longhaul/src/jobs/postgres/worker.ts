import type { JobUpkeep, WorkerInfo, WorkerView } from '../engine.ts'
import { toWorker, type WorkerRow } from '../rules/index.ts'
import { commit } from './commit.ts'
import { clock } from './clock.ts'
import type { Engine, Tx } from './tx.ts'

export const workerById = 'SELECT * FROM worker WHERE id = $1'

/** `$1…$8` are what `workerValues` gives. */
export const upsertWorker = (now: string): string =>
  `INSERT INTO worker AS w (id, host, boot_id, pid, slots, version, queues, holding, started_at, seen_at)
   VALUES ($1::text, $2::text, $3::text, $4::integer, $5::integer, $6::text, $7::text, $8::text, ${now}, ${now})
   ON CONFLICT (id) DO UPDATE SET host = excluded.host, boot_id = excluded.boot_id, pid = excluded.pid,
     slots = excluded.slots, version = excluded.version, queues = coalesce(excluded.queues, w.queues),
     holding = excluded.holding, seen_at = excluded.seen_at`
export const workerValues = (worker: WorkerInfo): readonly unknown[] => [
  worker.id,
  worker.host,
  worker.bootId,
  worker.pid,
  worker.slots,
  worker.version ?? null,
  worker.queues === undefined ? null : JSON.stringify(worker.queues),
  worker.holding ?? null,
]

/** Remembers that a worker is alive, where, and what it says of itself. `known`: its row before. */
export function seeWorker(tx: Tx, worker: WorkerInfo, known: WorkerRow | undefined): void {
  // A touch says it too, every tenth of a lease: a worker that claims all the time need not.
  if (
    known !== undefined &&
    isSame(known, worker) &&
    tx.now - known.seen_at < tx.settings.leaseMs / 10
  )
    return
  tx.more.push({ text: upsertWorker('$9::bigint'), values: [...workerValues(worker), tx.now] })
  // Its queues may now wait for its disk, or no longer.
  if (changesHolding(worker, known))
    for (const queue of worker.queues ?? []) tx.unsettled.add(queue)
}
const isSame = (known: WorkerRow, worker: WorkerInfo): boolean => {
  const { id, host, bootId, pid, slots, version = null, queues, holding = null } = worker
  const said = queues === undefined ? known.queues : JSON.stringify(queues)
  const now = [id, host, bootId, pid, slots, version, said, holding]
  const before = [known.id, known.host, known.boot_id, known.pid, known.slots]
  return [...before, known.version, known.queues, known.holding].every((one, i) => one === now[i])
}
export const changesHolding = (worker: WorkerInfo, known: WorkerRow | undefined): boolean =>
  (known?.holding ?? null) !== (worker.holding ?? null)

/** Its jobs run on one of the few rows of the index of running jobs. */
export const staleWorkers = `SELECT id FROM worker WHERE seen_at < $1
  AND NOT EXISTS (SELECT 1 FROM job WHERE state = 'running' AND lease_worker = worker.id)`

export const leasesOfAll = `SELECT id, queue, lease_worker, lease_expires_at FROM job
  WHERE state = 'running' AND lease_worker = ANY ($1) ORDER BY seq`

export const workers =
  (engine: Engine): JobUpkeep['workers'] =>
  async () => {
    const rows = await engine.database.query<WorkerRow>('SELECT * FROM worker ORDER BY id')
    const leases = await engine.database.query<{
      id: string
      queue: string
      lease_worker: string
      lease_expires_at: number
    }>(leasesOfAll, [rows.map(({ id }) => id)])
    return rows.map((row): WorkerView => ({
      ...toWorker(row),
      startedAt: row.started_at,
      seenAt: row.seen_at,
      ...(row.drain_requested_at === null ? {} : { drainRequestedAt: row.drain_requested_at }),
      jobs: leases
        .filter((lease) => lease.lease_worker === row.id)
        .map(({ id, queue, lease_expires_at }) => ({
          id,
          queue,
          leaseExpiresAt: lease_expires_at,
        })),
    }))
  }

export const drainWorker =
  (engine: Engine): JobUpkeep['drainWorker'] =>
  (id) =>
    commit(engine, async ({ session }) => {
      const asked = `UPDATE worker SET drain_requested_at = coalesce(drain_requested_at, ${clock}) WHERE id = $1`
      return (await session.run(asked, [id])) === 1
    })

export const ordersFor =
  (engine: Engine): JobUpkeep['ordersFor'] =>
  async (id) => {
    const [row] = await engine.database.query<WorkerRow>(workerById, [id])
    return (row?.drain_requested_at ?? null) === null ? 'work' : 'drain'
  }
