import { clock } from './clock.ts'
import { laneKey, type Tx } from './tx.ts'

export interface LaneName {
  readonly queue: string
  readonly owner: string
}
const lanesByName = `SELECT l.queue, l.owner, l.submit_clock FROM unnest($1::text[], $2::text[]) AS c (queue, owner)
  JOIN lane l ON l.queue = c.queue AND l.owner = c.owner`
export const lockQueuesByName = `SELECT queue FROM queue_state WHERE queue = ANY ($1) ORDER BY queue FOR UPDATE`

/**
 * Holds the queues of some lanes, or others, and makes sure that all are there. Answers each lane's clock, which is the database's
 * but never goes back, by laneKey.
 */
export async function holdLanes(
  tx: Tx,
  names: readonly LaneName[],
  queues = [...new Set(names.map(({ queue }) => queue))],
): Promise<ReadonlyMap<string, number>> {
  const { session } = tx
  const arrays = [names.map(({ queue }) => queue), names.map(({ owner }) => owner)]
  const [locked, lanes, times] = await Promise.all([
    session.query<{ queue: string }>(lockQueuesByName, [queues]),
    session.query<LaneName & { submit_clock: number }>(lanesByName, arrays),
    session.query<{ now: number }>(`SELECT ${clock} AS now`),
  ])
  if (locked.length < queues.length) {
    await session.run(
      'INSERT INTO queue_state (queue) SELECT queue FROM unnest($1::text[]) AS c (queue) ORDER BY queue ON CONFLICT DO NOTHING',
      [queues],
    )
    return holdLanes(tx, names, queues)
  }
  tx.now = times[0]?.now ?? 0
  const clocks = new Map(names.map(({ queue, owner }) => [laneKey(queue, owner), tx.now]))
  if (lanes.length < clocks.size)
    await session.run(
      `INSERT INTO lane (queue, owner) SELECT DISTINCT queue, owner FROM unnest($1::text[], $2::text[]) AS c (queue, owner)
       ON CONFLICT DO NOTHING`,
      arrays,
    )
  for (const { queue, owner, submit_clock } of lanes)
    clocks.set(laneKey(queue, owner), Math.max(tx.now, submit_clock))
  return clocks
}

/** The clock has been read for a job: the next one's is not before it. */
export const useClock = (
  tx: Tx,
  clocks: ReadonlyMap<string, number>,
  { queue, owner }: LaneName,
): number => {
  const value = clocks.get(laneKey(queue, owner)) ?? tx.now
  tx.lane(queue, owner).submitClock = value
  return value
}
