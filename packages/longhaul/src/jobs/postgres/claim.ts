import { randomBytes } from 'node:crypto'
import { LonghaulError } from '../../errors/index.ts'
import type { Claim, JobClaims, WorkerInfo } from '../engine.ts'
import type { JobRow } from '../row.ts'
import { claimOf, startAttempt, tokensAt, type WorkerRow } from '../rules/index.ts'
import { newestManifests } from './checkpoint.ts'
import { commit } from './commit.ts'
import { takeDue } from './due.ts'
import { clock } from './clock.ts'
import { lockQueues } from './hold.ts'
import { liveWorkers, queueRows, waitingLanes } from './reasons.ts'
import type { LaneRow, QueueRow, Waiting } from './waiting.ts'
import { transition } from './transition.ts'
import { turnsOf } from './turns.ts'
import type { Engine, Tx } from './tx.ts'
import { seeWorker } from './worker.ts'

type Wants = Parameters<JobClaims['claim']>[1]

const ready = `state = 'queued' AND wake_at IS NULL AND blocked_by = 0 AND publishing IS NULL`
/** The first jobs of some lanes. */
export const laneHeads = `SELECT j.* FROM unnest($1::text[], $2::text[], $3::integer[]) AS t (queue, owner, n)
  CROSS JOIN LATERAL (SELECT * FROM job WHERE queue = t.queue AND owner = t.owner AND ${ready}
    ORDER BY rank_at, seq LIMIT t.n) j`
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
/** One look for whoever finds nothing again and again: it need not take the lock to hear that there is nothing. */
export const anyWork = `SELECT EXISTS (SELECT 1 FROM job WHERE wake_at <= ${clock}) OR
    EXISTS (SELECT 1 FROM lane WHERE queue = ANY ($1) AND ready > 0) OR
    EXISTS (SELECT 1 FROM job WHERE queue = ANY ($1) AND state = 'queued' AND publishing IS NOT NULL) AS found`
export function claim(engine: Engine): JobClaims['claim'] {
  const cameBackEmpty = new Set<string>()
  return async (worker, wanted) => {
    const wants = wanted.filter(({ slots }) => slots > 0)
    const queues = wants.map(({ queue }) => queue)
    if (queues.length === 0) return []
    if (queues.every((queue) => cameBackEmpty.has(queue))) {
      const [look] = await engine.database.query<{ found: boolean }>(anyWork, [queues])
      if (look?.found !== true) return []
    }
    for (;;) {
      const claims = await commit(engine, (tx) => claimAll(tx, worker, wants))
      if (claims !== 'due') {
        for (const queue of queues)
          if (claims.some(({ job }) => job.queue === queue)) cameBackEmpty.delete(queue)
          else cameBackEmpty.add(queue)
        return claims
      }
      // Jobs whose time has come may lie in any queue, so they are woken in a transaction of their own.
      await takeDue(engine)
    }
  }
}

const queuesToPublish =
  "SELECT DISTINCT queue FROM job WHERE state = 'queued' AND publishing IS NOT NULL"

export const claimPublications =
  (engine: Engine): JobClaims['claimPublications'] =>
  async (worker, slots) => {
    if (slots <= 0) return []
    const found = await engine.database.query<{ queue: string }>(queuesToPublish)
    if (found.length === 0) return []
    const queues = found.map(({ queue }) => queue)
    return commit(engine, async (tx) => {
      const [, rows] = await Promise.all([
        tx.session.query(lockQueues, [queues]),
        tx.session.query<JobRow & { readonly now: number }>(
          `SELECT ${clock} AS now, p.* FROM (${publications}) p LIMIT $3`,
          [queues, queues.map(() => slots), slots],
        ),
      ])
      tx.now = rows[0]?.now ?? tx.now
      return start(tx, worker, rows, undefined)
    })
  }

/** Everything a claim decides by, of some queues ($1, with $2 slots each) and a worker ($4): one statement, one snapshot. */
export const lookText = `SELECT t.now, t.now >= ANY (ARRAY[
      (SELECT min(wake_at) FROM job WHERE wake_at IS NOT NULL),
      (SELECT min(expires_at) FROM job WHERE state = 'queued' AND started_at IS NULL AND expires_at IS NOT NULL)
    ]) AS due,
    (SELECT json_agg(q) FROM (${queueRows}) q) AS queues,
    (SELECT json_agg(l) FROM (${waitingLanes}) l) AS lanes,
    (SELECT json_agg(p) FROM (${publications}) p) AS publications,
    (SELECT json_agg(w) FROM (${liveWorkers.replace('$1', '$3')}) w) AS workers,
    (SELECT to_json(w) FROM worker w WHERE id = $4) AS known
  FROM (SELECT ${clock} AS now) t`

interface Look {
  readonly now: number
  readonly due: boolean | null
  readonly queues: readonly QueueRow[] | null
  readonly lanes: readonly LaneRow[] | null
  readonly publications: readonly JobRow[] | null
  readonly workers: Waiting['workers'] | null
  readonly known: WorkerRow | null
}

async function claimAll(
  tx: Tx,
  worker: WorkerInfo,
  wants: Wants,
): Promise<readonly Claim[] | 'due'> {
  const queues = wants.map(({ queue }) => queue)
  const { session, settings } = tx
  const slots = wants.map((want) => want.slots)
  const [one, two] = wants
  const [, [look], likely] = await Promise.all([
    settings.noQueueLock ? [] : session.query(lockQueues, [queues]),
    session.query<Look>(lookText, [queues, slots, settings.leaseMs, worker.id]),
    one !== undefined && two === undefined && one.slots <= fewSlots
      ? session.query<JobRow>(likelyHeads, [one.queue, one.slots])
      : [],
  ])
  if (look === undefined) return []
  if (look.due === true) return 'due'
  const { lanes, queues: states, workers, publications: unpublished } = withEmpty(look)
  tx.now = look.now
  tx.waiting = { lanes, queues: states, workers }

  // First what is already done and only has to become visible: neither a pause nor a limit holds it back.
  const rows = [...unpublished]
  const turns = wants.flatMap(({ queue, slots }) => {
    tx.unsettled.add(queue)
    const state = states.find((row) => row.queue === queue)
    if (state === undefined) return []
    const left = slots - unpublished.filter((row) => row.queue === queue).length
    const mine = lanes.filter((lane) => lane.queue === queue)
    const room = Math.min(left, roomOf(tx, state))
    return turnsOf(mine, room, state.claims).map((turn) => ({ queue, ...turn }))
  })
  if (turns.length > 0) rows.push(...(await headsOf(tx, turns, likely)))
  return start(tx, worker, rows, look.known ?? undefined)
}

/** PostgreSQL makes null of an empty list. */
const withEmpty = ({ queues, lanes, publications, workers }: Look) => ({
  queues: queues ?? [],
  lanes: lanes ?? [],
  publications: publications ?? [],
  workers: workers ?? [],
})

/** How many jobs of a queue may start now: not paused, below its fleet-wide cap, within its rate. */
function roomOf(tx: Tx, row: QueueRow): number {
  if (row.paused) return 0
  const slots = Math.max(0, (row.max_running ?? Number.MAX_SAFE_INTEGER) - row.running)
  if (row.rate_per_minute === null) return slots
  const tokens = tokensAt(row, tx.now)
  Object.assign(tx.queue(row.queue), { tokens, refilledAt: tx.now })
  return Math.min(slots, Math.floor(tokens))
}

async function headsOf(
  tx: Tx,
  turns: readonly { queue: string; owner: string; count: number; served: number }[],
  likely: readonly JobRow[],
): Promise<readonly JobRow[]> {
  const [turn, other] = turns
  const isLikely =
    turn !== undefined &&
    other === undefined &&
    turn.owner === likely[0]?.owner &&
    turn.count <= likely.length
  const heads = isLikely
    ? likely.slice(0, turn.count)
    : await tx.session.query<JobRow>(laneHeads, [
        turns.map(({ queue }) => queue),
        turns.map(({ owner }) => owner),
        turns.map(({ count }) => count),
      ])
  const wanted = turns.reduce((sum, { count }) => sum + count, 0)
  if (heads.length !== wanted && !tx.settings.noQueueLock)
    throw new LonghaulError('internal', `Lanes promised ${wanted} jobs and have ${heads.length}`)
  for (const { queue, owner, count, served } of turns) {
    tx.lane(queue, owner).served = served
    const change = tx.queue(queue)
    change.claims += count
    if (change.tokens !== undefined) change.tokens = Math.max(0, change.tokens - count)
  }
  return heads
}

async function start(
  tx: Tx,
  worker: WorkerInfo,
  rows: readonly JobRow[],
  known: WorkerRow | undefined,
): Promise<readonly Claim[]> {
  if (rows.length === 0) return []
  const random = randomBytes(12 * rows.length)
  const started = rows.map((row, index) => {
    const nonce = random.toString('base64url', 12 * index, 12 * (index + 1))
    const after = transition(tx, row, startAttempt(row, worker.id, nonce, tx))
    tx.begun.push(after)
    return after
  })
  // The attempt before left its progress; this one starts at nothing.
  const again = started.filter((row) => row.attempt > 1 && row.publishing === null)
  if (again.length > 0)
    tx.more.push({
      text: 'DELETE FROM job_progress WHERE job_id = ANY ($1)',
      values: [again.map(({ id }) => id)],
    })
  seeWorker(tx, worker, known)
  const manifests = await newestManifests(tx, started)
  return started.map((row) => claimOf(row, manifests.get(row.id)))
}
