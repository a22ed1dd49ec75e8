import type { JobClaims, Verdict, Wakeup, WorkerInfo } from '../engine.ts'
import type { JobRow } from '../row.ts'
import { touchLease, verdictOf, type WorkerRow } from '../rules/index.ts'
import { commit } from './commit.ts'
import { watched } from './commit-once.ts'
import { clock } from './clock.ts'
import { lockQueues } from './hold.ts'
import type { Engine } from './tx.ts'
import { changesHolding, upsertWorker, workerValues } from './worker.ts'

type Held = Parameters<JobClaims['touch']>[1]

export const touchedJobs = `SELECT * FROM job WHERE id = ANY ($1) AND state = 'running'`

/**
 * Twice a second or so for every worker there is, so it is two statements, whatever the number of jobs: one looks, the
 * other writes what the rules say, for those leases that still hold when it comes to their rows.
 */
export const touch =
  (engine: Engine): JobClaims['touch'] =>
  (worker, held) =>
    watched(engine, async () => {
      const look = await lookAt(engine, worker, held)
      const kept = await write(engine, worker, look.touched, look.now)
      if (changesHolding(worker, look.known)) await settleReasons(engine, worker)
      return held.map(({ lease }) => {
        const touched = look.touched.find((one) => one.held.lease === lease)
        const verdict: Verdict =
          touched !== undefined && kept.has(touched.row.id) ? touched.verdict : 'lost'
        return { lease, verdict }
      })
    })

interface Touched {
  readonly held: Held[number]
  readonly row: JobRow
  readonly verdict: Exclude<Verdict, 'lost'>
}

const lookText = `SELECT ${clock} AS now, to_jsonb(w) AS known, j.* FROM (SELECT 1) one
  LEFT JOIN worker w ON w.id = $2 LEFT JOIN (${touchedJobs}) j ON true`

async function lookAt(engine: Engine, worker: WorkerInfo, held: Held) {
  type Row = JobRow & { readonly now: number; readonly known: WorkerRow | null }
  const ids = held.map(({ lease }) => lease.jobId)
  const rows = await engine.database.query<Row>(lookText, [ids, worker.id])
  const now = rows[0]?.now ?? 0
  const byId = new Map(rows.map((row) => [row.id, row]))
  const touched = held.flatMap((one): Touched[] => {
    const row = byId.get(one.lease.jobId)
    const holds =
      engine.settings.noFence ||
      (row?.attempt === one.lease.attempt && row.lease_nonce === one.lease.nonce)
    return row !== undefined && holds ? [{ held: one, row, verdict: verdictOf(row, now) }] : []
  })
  return { now, known: rows[0]?.known ?? undefined, touched }
}

/** In the order of everybody's locks, and only where the lease is still the one that was looked at. */
export const writeText = `WITH c AS MATERIALIZED (
    SELECT * FROM unnest($10::text[], $11::integer[], $12::text[], $13::bigint[], $14::bigint[], $15::bigint[], $16::text[])
      AS c (id, attempt, nonce, lease_expires_at, stop_told_at, silent_since, progress)
  ), locked AS MATERIALIZED (
    SELECT job.seq, c.* FROM c JOIN job ON job.id = c.id AND job.attempt = c.attempt
      AND job.lease_nonce = c.nonce AND job.state = 'running'
    ORDER BY job.seq FOR NO KEY UPDATE OF job
  ), kept AS (
    UPDATE job SET lease_expires_at = l.lease_expires_at, stop_told_at = l.stop_told_at, silent_since = l.silent_since
    FROM locked l WHERE job.seq = l.seq
  ), progress AS (
    INSERT INTO job_progress AS p (job_id, attempt, data, updated_at)
    SELECT id, attempt, progress, $9::bigint FROM locked WHERE progress IS NOT NULL
    ON CONFLICT (job_id) DO UPDATE SET attempt = excluded.attempt, data = excluded.data, updated_at = excluded.updated_at
  ), seen AS (${upsertWorker('$9::bigint')})
  SELECT l.id, n.said FROM locked l, (SELECT count(pg_notify('longhaul', p)) AS said FROM unnest($17::text[]) AS p) n`

async function write(
  engine: Engine,
  worker: WorkerInfo,
  touched: readonly Touched[],
  now: number,
): Promise<ReadonlySet<string>> {
  const given = { now, settings: engine.settings }
  const rows = touched.map(({ held, row, verdict }) => ({
    row,
    progress: held.progress === undefined ? null : JSON.stringify(held.progress),
    ...touchLease(row, verdict, held.silentMs, given),
  }))
  const wakeups = rows.flatMap(({ row, progress, silent_since }): Wakeup[] => {
    const jobId = row.id
    if ((row.silent_since === null) !== (silent_since === null)) return [{ kind: 'changed', jobId }]
    return progress === null ? [] : [{ kind: 'progressed', jobId }]
  })
  const kept = await engine.database.query<{ id: string }>(writeText, [
    ...workerValues(worker),
    now,
    rows.map(({ row }) => row.id),
    rows.map(({ row }) => row.attempt),
    rows.map(({ row }) => row.lease_nonce),
    rows.map((one) => one.lease_expires_at),
    rows.map((one) => one.stop_told_at),
    rows.map((one) => one.silent_since),
    rows.map((one) => one.progress),
    engine.wakeups.payloads(wakeups),
  ])
  engine.wakeups.tell(wakeups)
  return new Set(kept.map(({ id }) => id))
}

/** Its queues may now wait for its disk, or no longer. */
const settleReasons = (engine: Engine, worker: WorkerInfo): Promise<void> =>
  commit(engine, async (tx) => {
    const [, times] = await Promise.all([
      tx.session.query(lockQueues, [worker.queues ?? []]),
      tx.session.query<{ now: number }>(`SELECT ${clock} AS now`),
    ])
    tx.now = times[0]?.now ?? 0
    for (const queue of worker.queues ?? []) tx.unsettled.add(queue)
  })
