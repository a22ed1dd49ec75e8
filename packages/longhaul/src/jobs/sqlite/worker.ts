import type { WorkerInfo } from '../engine.ts'
import type { Tx } from './transaction.ts'

/** Remembers that a worker is alive, and where. */
export function seeWorker(tx: Tx, worker: WorkerInfo): void {
  tx.connection.run(
    `INSERT INTO worker (id, host, boot_id, pid, slots, started_at, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET host = excluded.host, boot_id = excluded.boot_id, pid = excluded.pid,
       slots = excluded.slots, seen_at = excluded.seen_at`,
    worker.id,
    worker.host,
    worker.bootId,
    worker.pid,
    worker.slots,
    tx.now,
    tx.now,
  )
}
