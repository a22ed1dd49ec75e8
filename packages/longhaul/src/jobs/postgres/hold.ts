import { clock } from './clock.ts'
import type { Scope } from '../engine.ts'
import type { JobRow } from '../row.ts'
import type { Tx } from './tx.ts'

/**
 * Locks in the one order that everybody keeps: queues, lanes, jobs. Each lock is a statement of its own: what follows then
 * sees what the lock's last holder did (engine.md §5). Whoever changes a lane holds its queue, so lanes need no lock.
 */
export const lockQueues =
  'SELECT 1 FROM queue_state WHERE queue = ANY ($1) ORDER BY queue FOR UPDATE'
export const lockQueuesOfJobs = `SELECT 1 FROM queue_state
  WHERE queue IN (SELECT queue FROM job WHERE id = ANY ($1)) ORDER BY queue FOR UPDATE`
/** Of jobs ($1), and others ($2). */
export const lockQueuesOfJobsAnd = `SELECT 1 FROM queue_state
  WHERE queue IN (SELECT queue FROM job WHERE id = ANY ($1) UNION ALL SELECT unnest($2::text[]))
  ORDER BY queue FOR UPDATE`
/** The clock is read behind the locks: a row that somebody held is looked at again. */
export const lockJobs = `SELECT ${clock} AS now, locked.* FROM
  (SELECT * FROM job WHERE id = ANY ($1) ORDER BY seq FOR UPDATE) locked`

/** Jobs by id, with their queues: nobody else changes them until the end. */
export async function holdJobs(
  tx: Tx,
  ids: readonly string[],
  scope: Scope = 'everyone',
): Promise<ReadonlyMap<string, JobRow>> {
  const [, rows] = await Promise.all([
    tx.session.query(lockQueuesOfJobs, [ids]),
    lockedJobs(tx, ids),
  ])
  return byId(rows.filter(({ owner }) => scope === 'everyone' || owner === scope.owner))
}

/** Jobs whose counters do not change: their queues need not be held. */
export const holdRows = async (tx: Tx, ids: readonly string[]) => byId(await lockedJobs(tx, ids))

async function lockedJobs(tx: Tx, ids: readonly string[]): Promise<readonly JobRow[]> {
  const rows = await tx.session.query<JobRow & { readonly now: number }>(lockJobs, [ids])
  tx.now = rows[0]?.now ?? tx.now
  return rows
}

export const byId = (rows: readonly JobRow[]): ReadonlyMap<string, JobRow> =>
  new Map(rows.map((row) => [row.id, row]))

/** The job as the operation has left it so far; undefined: not there, or not the asker's. */
export const current = (
  tx: Tx,
  held: ReadonlyMap<string, JobRow>,
  id: string,
): JobRow | undefined => (held.has(id) ? (tx.jobs.get(id)?.after ?? held.get(id)) : undefined)
