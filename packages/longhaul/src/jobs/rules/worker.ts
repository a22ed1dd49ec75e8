import type { WorkerInfo } from '../engine.ts'

/** A row of `worker`; `queues` is a JSON array. */
export interface WorkerRow {
  readonly id: string
  readonly host: string
  readonly boot_id: string
  readonly pid: number
  readonly slots: number
  readonly version: string | null
  readonly queues: string | null
  readonly holding: 'disk' | 'draining' | null
  readonly started_at: number
  readonly seen_at: number
  readonly drain_requested_at: number | null
}

export const toWorker = (row: WorkerRow): WorkerInfo => ({
  id: row.id,
  host: row.host,
  bootId: row.boot_id,
  pid: row.pid,
  slots: row.slots,
  ...(row.version === null ? {} : { version: row.version }),
  ...(row.queues === null ? {} : { queues: JSON.parse(row.queues) as string[] }),
  ...(row.holding === null ? {} : { holding: row.holding }),
})

/** A worker that has not been seen for so long, and holds nothing, is forgotten. */
export const forgetWorkerAfterMs = 3_600_000

/** Whether disks keep a queue waiting: it has live workers, and each of them says so. */
export function isHeldByDisks(
  live: readonly Pick<WorkerRow, 'queues' | 'holding'>[],
  queue: string,
): boolean {
  const workers = live.filter(
    (row) => row.queues === null || (JSON.parse(row.queues) as string[]).includes(queue),
  )
  return workers.length > 0 && workers.every((row) => row.holding === 'disk')
}
