import type { JobUpkeep, QueueView } from '../engine.ts'
import { commit } from './commit.ts'
import { holdLanes } from './lanes.ts'
import type { QueueRow } from './waiting.ts'
import type { Engine } from './tx.ts'

/** Absent leaves a column as it is; null takes a limit away. */
export const setQueue =
  (engine: Engine): JobUpkeep['setQueue'] =>
  (queue, { paused, maxRunning, ratePerMinute, owner }) =>
    commit(engine, async (tx) => {
      await holdLanes(tx, owner === undefined ? [] : [{ queue, owner }], [queue])
      const set = (column: string, value: unknown) => {
        if (value !== undefined)
          tx.more.push({
            text: `UPDATE queue_state SET ${column} = $1 WHERE queue = $2`,
            values: [value, queue],
          })
      }
      set('paused', paused)
      set('rate_per_minute', ratePerMinute)
      if (owner === undefined) set('max_running', maxRunning)
      else if (maxRunning !== undefined)
        tx.more.push({
          text: 'UPDATE lane SET max_running = $1 WHERE queue = $2 AND owner = $3',
          values: [maxRunning, queue, owner],
        })
      // Written now: the reasons below are told by what lies in the tables.
      await Promise.all(tx.more.splice(0).map(({ text, values }) => tx.session.run(text, values)))
      tx.unsettled.add(queue)
      tx.notify({ kind: 'queued', queue })
    })

interface LaneView {
  readonly queue: string
  readonly owner: string
  readonly queued: number
  readonly running: number
  readonly retry_wait: number
  readonly max_running: number | null
  readonly oldest: number | null
}
/** When the head of each lane that could run was queued, beside the lane's counters. */
export const laneViews = `SELECT l.queue, l.owner, l.queued, l.running, l.retry_wait, l.max_running,
    CASE WHEN l.ready > 0 THEN (SELECT queued_at FROM job WHERE queue = l.queue AND owner = l.owner AND state = 'queued'
      AND wake_at IS NULL AND blocked_by = 0 AND publishing IS NULL ORDER BY rank_at, seq LIMIT 1) END AS oldest
  FROM lane l WHERE l.queued > 0 OR l.running > 0 OR l.retry_wait > 0 OR l.max_running IS NOT NULL
  ORDER BY l.queue, l.owner`

export const queues =
  (engine: Engine): JobUpkeep['queues'] =>
  async () => {
    const [states, lanes] = await Promise.all([
      engine.database.query<QueueRow & { readonly queued: number }>(
        'SELECT * FROM queue_state ORDER BY queue COLLATE "C"',
      ),
      engine.database.query<LaneView>(laneViews),
    ])
    return states.map((row): QueueView => {
      const mine = lanes.filter((lane) => lane.queue === row.queue)
      const oldest = Math.min(...mine.map((lane) => lane.oldest ?? Infinity))
      return {
        queue: row.queue,
        queued: row.queued,
        running: row.running,
        retryWait: mine.reduce((sum, lane) => sum + lane.retry_wait, 0),
        paused: row.paused,
        ...(row.max_running === null ? {} : { maxRunning: row.max_running }),
        ...(row.rate_per_minute === null ? {} : { ratePerMinute: row.rate_per_minute }),
        ...(Number.isFinite(oldest) ? { oldestReadyAt: oldest } : {}),
        owners: mine.map((lane) => ({
          owner: lane.owner,
          queued: lane.queued,
          running: lane.running,
          ...(lane.max_running === null ? {} : { maxRunning: lane.max_running }),
        })),
      }
    })
  }
