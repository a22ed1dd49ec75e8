import type { Claim, Want, WorkerInfo } from '../engine.ts'
import type { JobRow } from '../row.ts'
import type { WorkerRow } from '../rules/index.ts'
import { clock } from './clock.ts'
import { liveWorkers, queueRows, waitingLanes } from './reasons.ts'
import type { LaneRow, QueueRow, Waiting } from './waiting.ts'
import type { Tx } from './tx.ts'

/** A worker, and what it asks of which queues. */
export interface Claimer {
  readonly worker: WorkerInfo
  readonly wants: readonly Want[]
}
/** What each claimer is given, in their order. */
export type Given = readonly (readonly Claim[])[]

export const ready = `state = 'queued' AND wake_at IS NULL AND blocked_by = 0 AND publishing IS NULL`
/**
 * The jobs that a claim is likely to begin, of some queues ($1, with $2 slots each): as if lanes waited that have as many running,
 * each in its turn. They are asked for before it is known whose turn it is.
 */
export const likelyHeads = `SELECT j.* FROM unnest($1::text[], $2::integer[]) AS w (queue, n)
  CROSS JOIN LATERAL (SELECT owner, count(*) OVER () AS lanes FROM lane
    WHERE queue = w.queue AND ready > 0 AND (max_running IS NULL OR running < max_running)
    ORDER BY running, served LIMIT w.n) t
  CROSS JOIN LATERAL (SELECT * FROM job WHERE queue = w.queue AND owner = t.owner AND ${ready}
    ORDER BY rank_at, seq LIMIT (w.n + t.lanes - 1) / t.lanes) j`
export const publications = `SELECT j.* FROM unnest($1::text[], $2::integer[]) AS t (queue, n)
  CROSS JOIN LATERAL (SELECT * FROM job WHERE queue = t.queue AND state = 'queued' AND publishing IS NOT NULL
    ORDER BY seq LIMIT t.n) j`

const heldJobs = 'SELECT * FROM job WHERE id = ANY ($5) ORDER BY seq FOR UPDATE'
/**
 * Everything a claim decides by, of some queues ($1, with $2 slots each) and workers ($4), with the jobs ($5) that end in the
 * same operation: one statement, one snapshot. One row of JSON takes client and server half the time of as many columns. The
 * clock is read last, behind the locks of the jobs.
 */
export const lookText = `SELECT (SELECT json_agg(h) FROM (${heldJobs}) h) AS held,
    (SELECT json_agg(q) FROM (${queueRows}) q) AS queues,
    (SELECT json_agg(l) FROM (${waitingLanes}) l) AS lanes,
    (SELECT json_agg(p) FROM (${publications}) p) AS publications,
    (SELECT json_agg(j) FROM (${likelyHeads}) j) AS likely,
    (SELECT json_agg(w) FROM (${liveWorkers.replace('$1', '$3')}) w) AS workers,
    (SELECT json_agg(w) FROM worker w WHERE id = ANY ($4)) AS known,
    least((SELECT min(wake_at) FROM job WHERE wake_at IS NOT NULL),
      (SELECT min(expires_at) FROM job WHERE state = 'queued' AND started_at IS NULL AND expires_at IS NOT NULL)
    ) AS due_at,
    ${clock} AS now`

interface LookRow {
  readonly held: readonly JobRow[] | null
  readonly queues: readonly QueueRow[] | null
  readonly lanes: readonly LaneRow[] | null
  readonly publications: readonly JobRow[] | null
  readonly likely: readonly JobRow[] | null
  readonly workers: Waiting['workers'] | null
  readonly known: readonly WorkerRow[] | null
  readonly due_at: number | null
  readonly now: number
}

/** What was found behind the locks of the queues. */
export interface Look {
  /** Slots by queue, of all who ask. */
  readonly slots: ReadonlyMap<string, number>
  readonly held: readonly JobRow[]
  readonly now: number
  /** The time of a job has come that nobody may claim yet. */
  readonly due: boolean
  readonly waiting: Waiting
  readonly publications: readonly JobRow[]
  readonly likely: readonly JobRow[]
  readonly known: readonly WorkerRow[]
}

/** To be asked for together with the locks of the queues, right behind them. */
export async function look(
  { session, settings }: Tx,
  claimers: readonly Claimer[],
  ids: readonly string[] = [],
): Promise<Look> {
  const slots = new Map<string, number>()
  for (const { queue, slots: more } of claimers.flatMap(({ wants }) => wants))
    slots.set(queue, (slots.get(queue) ?? 0) + more)
  const workers = [...new Set(claimers.map(({ worker }) => worker.id))]
  const values = [[...slots.keys()], [...slots.values()], settings.leaseMs, workers, ids]
  const [found] = await session.query<LookRow>(lookText, values)
  const { now = 0, due_at: dueAt = null } = found ?? {}
  return {
    ...{ slots, now, due: dueAt !== null && dueAt <= now },
    // PostgreSQL makes null of an empty list.
    held: found?.held ?? [],
    waiting: {
      lanes: found?.lanes ?? [],
      queues: found?.queues ?? [],
      workers: found?.workers ?? [],
    },
    publications: found?.publications ?? [],
    likely: found?.likely ?? [],
    known: found?.known ?? [],
  }
}
