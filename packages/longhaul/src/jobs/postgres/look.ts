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
/** The first jobs ($2) of the lane of a queue ($1) whose turn it is. */
export const likelyHeads = `SELECT j.* FROM (SELECT queue, owner FROM lane
    WHERE queue = $1 AND ready > 0 AND (max_running IS NULL OR running < max_running)
    ORDER BY running, served LIMIT 1) t
  CROSS JOIN LATERAL (SELECT * FROM job WHERE queue = t.queue AND owner = t.owner AND ${ready}
    ORDER BY rank_at, seq LIMIT $2::integer) j`
/** Most claims are for a few slots of one queue, and then one lane's turn: its jobs are asked for before that is known. */
const fewSlots = 16
export const publications = `SELECT j.* FROM unnest($1::text[], $2::integer[]) AS t (queue, n)
  CROSS JOIN LATERAL (SELECT * FROM job WHERE queue = t.queue AND state = 'queued' AND publishing IS NOT NULL
    ORDER BY seq LIMIT t.n) j`

/** Everything a claim decides by, of some queues ($1, with $2 slots each) and workers ($4): one statement, one snapshot. */
export const lookText = `SELECT t.now, t.now >= ANY (ARRAY[
      (SELECT min(wake_at) FROM job WHERE wake_at IS NOT NULL),
      (SELECT min(expires_at) FROM job WHERE state = 'queued' AND started_at IS NULL AND expires_at IS NOT NULL)
    ]) AS due,
    (SELECT json_agg(q) FROM (${queueRows}) q) AS queues,
    (SELECT json_agg(l) FROM (${waitingLanes}) l) AS lanes,
    (SELECT json_agg(p) FROM (${publications}) p) AS publications,
    (SELECT json_agg(w) FROM (${liveWorkers.replace('$1', '$3')}) w) AS workers,
    (SELECT json_agg(w) FROM worker w WHERE id = ANY ($4)) AS known
  FROM (SELECT ${clock} AS now) t`

interface LookRow {
  readonly now: number
  readonly due: boolean | null
  readonly queues: readonly QueueRow[] | null
  readonly lanes: readonly LaneRow[] | null
  readonly publications: readonly JobRow[] | null
  readonly workers: Waiting['workers'] | null
  readonly known: readonly WorkerRow[] | null
}

/** What was found behind the locks of the wanted queues. */
export interface Look {
  /** Slots by queue, of all who ask. */
  readonly slots: ReadonlyMap<string, number>
  readonly now: number
  /** The time of a job has come that nobody may claim yet. */
  readonly due: boolean
  readonly waiting: Waiting
  readonly publications: readonly JobRow[]
  readonly known: readonly WorkerRow[]
  readonly likely: readonly JobRow[]
}

/** To be asked for together with the locks, right behind them. */
export async function look(tx: Tx, claimers: readonly Claimer[]): Promise<Look> {
  const slots = new Map<string, number>()
  for (const { queue, slots: more } of claimers.flatMap(({ wants }) => wants))
    slots.set(queue, (slots.get(queue) ?? 0) + more)
  const workers = [...new Set(claimers.map(({ worker }) => worker.id))]
  const { session, settings } = tx
  const [one, other] = slots
  const [[found], likely] = await Promise.all([
    session.query<LookRow>(lookText, [
      [...slots.keys()],
      [...slots.values()],
      settings.leaseMs,
      workers,
    ]),
    one !== undefined && other === undefined && one[1] <= fewSlots
      ? session.query<JobRow>(likelyHeads, one)
      : [],
  ])
  return {
    ...{ slots, likely, now: found?.now ?? 0, due: found?.due ?? false },
    // PostgreSQL makes null of an empty list.
    waiting: {
      lanes: found?.lanes ?? [],
      queues: found?.queues ?? [],
      workers: found?.workers ?? [],
    },
    publications: found?.publications ?? [],
    known: found?.known ?? [],
  }
}
