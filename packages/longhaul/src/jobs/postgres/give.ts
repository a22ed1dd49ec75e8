import { randomBytes } from 'node:crypto'
import { LonghaulError } from '../../errors/index.ts'
import type { Claim, WorkerInfo } from '../engine.ts'
import type { JobRow } from '../row.ts'
import { claimOf, startAttempt, tokensAt, type WorkerRow } from '../rules/index.ts'
import { newestManifests } from './checkpoint.ts'
import { ready, type Claimer, type Given, type Look } from './look.ts'
import { asDecided } from './reasons.ts'
import { transition } from './transition.ts'
import { turnsOf } from './turns.ts'
import type { Tx } from './tx.ts'
import type { QueueRow } from './waiting.ts'
import { seeWorker } from './worker.ts'

/** The first jobs of some lanes. */
export const laneHeads = `SELECT j.* FROM unnest($1::text[], $2::text[], $3::integer[]) AS t (queue, owner, n)
  CROSS JOIN LATERAL (SELECT * FROM job WHERE queue = t.queue AND owner = t.owner AND ${ready}
    ORDER BY rank_at, seq LIMIT t.n) j`

/** By what was looked at, and what the operation has decided since. 'later': not before that is written. */
export async function give(
  tx: Tx,
  found: Look,
  claimers: readonly Claimer[],
): Promise<Given | 'later'> {
  // A job that this operation put back lies in no index yet, and one whose time has come may be of any queue.
  const isPutBack = [...tx.lanes.values()].some(({ move }) => move.ready > 0)
  if (found.due || isPutBack) return 'later'
  tx.waiting = found.waiting
  const { lanes, queues } = asDecided(tx, found.waiting)

  // First what is already done and only has to become visible: neither a pause nor a limit holds it back.
  const rows = [...found.publications]
  const turns = [...found.slots].flatMap(([queue, slots]) => {
    tx.unsettled.add(queue)
    const state = queues.find((row) => row.queue === queue)
    if (state === undefined) return []
    const left = slots - rows.filter((row) => row.queue === queue).length
    const mine = lanes.filter((lane) => lane.queue === queue)
    const room = Math.min(left, roomOf(tx, state))
    return turnsOf(mine, room, state.claims).map((turn) => ({ queue, ...turn }))
  })
  if (turns.length > 0) rows.push(...(await headsOf(tx, turns, found.likely)))
  return deal(tx, rows, claimers, found.known)
}

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
  const guessed = turns.map(({ queue, owner, count }) =>
    likely.filter((row) => row.queue === queue && row.owner === owner).slice(0, count),
  )
  const isGuessed = turns.every(({ count }, index) => guessed[index]?.length === count)
  const heads = isGuessed
    ? guessed.flat()
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

/** To each as many of each queue as it wants: together they want no fewer than there are. */
function deal(
  tx: Tx,
  rows: readonly JobRow[],
  claimers: readonly Claimer[],
  known: readonly WorkerRow[],
): Promise<Given> {
  const left = new Map<string, JobRow[]>()
  for (const row of rows) left.set(row.queue, [...(left.get(row.queue) ?? []), row])
  const shares = claimers.map(({ worker, wants }) => ({
    worker,
    rows: wants.flatMap(({ queue, slots }) => left.get(queue)?.splice(0, slots) ?? []),
  }))
  const served = shares.flatMap((share) => (share.rows.length > 0 ? [share.worker] : []))
  for (const worker of new Map(served.map((one) => [one.id, one])).values())
    seeWorker(
      tx,
      worker,
      known.find(({ id }) => id === worker.id),
    )
  return Promise.all(shares.map((share) => start(tx, share.worker, share.rows)))
}

export async function start(
  tx: Tx,
  worker: WorkerInfo,
  rows: readonly JobRow[],
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
  const manifests = await newestManifests(tx, started)
  return started.map((row) => claimOf(row, manifests.get(row.id)))
}
