import type { JobUpkeep, QueueView } from '../engine.ts'
import { laneHeads } from './claim.ts'
import type { JobRow } from '../row.ts'
import { commit, type Engine, type Tx } from './transaction.ts'
import { laneClock } from './lane.ts'

export const setQueue =
  (engine: Engine): JobUpkeep['setQueue'] =>
  (queue, { paused, maxRunning, ratePerMinute, owner }) =>
    commit(engine, (tx) => {
      tx.connection.run('INSERT INTO queue_state (queue) VALUES (?) ON CONFLICT DO NOTHING', queue)
      const set = (column: string, value: number | null | undefined) => {
        if (value !== undefined)
          tx.connection.run(`UPDATE queue_state SET ${column} = ? WHERE queue = ?`, value, queue)
      }
      set('paused', paused === undefined ? undefined : Number(paused))
      set('rate_per_minute', ratePerMinute)
      if (owner === undefined) set('max_running', maxRunning)
      else if (maxRunning !== undefined) capOwner(tx, queue, owner, maxRunning)
      tx.unsettled.add(queue)
      tx.notify({ kind: 'queued', queue })
    })

function capOwner(tx: Tx, queue: string, owner: string, maxRunning: number | null): void {
  laneClock(tx, queue, owner)
  tx.connection.run(
    'UPDATE lane SET max_running = ? WHERE queue = ? AND owner = ?',
    maxRunning,
    queue,
    owner,
  )
}

interface QueueRow {
  readonly queue: string
  readonly queued: number
  readonly running: number
  readonly paused: number
  readonly max_running: number | null
  readonly rate_per_minute: number | null
}
interface LaneRow {
  readonly queue: string
  readonly owner: string
  readonly queued: number
  readonly ready: number
  readonly running: number
  readonly retry_wait: number
  readonly max_running: number | null
}

export const queues =
  (engine: Engine): JobUpkeep['queues'] =>
  async () => {
    const { reader } = engine.database
    const lanes = reader.all<LaneRow>(
      `SELECT queue, owner, queued, ready, running, retry_wait, max_running FROM lane
       WHERE queued > 0 OR running > 0 OR retry_wait > 0 OR max_running IS NOT NULL ORDER BY queue, owner`,
    )
    const readySince = ({ queue, owner }: LaneRow): readonly number[] => {
      const head = reader.get<JobRow>(laneHeads, queue, owner, 1)
      return head === undefined ? [] : [head.queued_at]
    }
    return reader
      .all<QueueRow>('SELECT * FROM queue_state ORDER BY queue')
      .map((row): QueueView => {
        const mine = lanes.filter((lane) => lane.queue === row.queue)
        const oldest = Math.min(...mine.filter((lane) => lane.ready > 0).flatMap(readySince))
        return {
          queue: row.queue,
          queued: row.queued,
          running: row.running,
          retryWait: mine.reduce((sum, lane) => sum + lane.retry_wait, 0),
          paused: row.paused !== 0,
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
