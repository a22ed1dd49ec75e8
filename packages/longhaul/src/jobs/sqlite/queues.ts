import type { JobUpkeep, QueueView } from '../engine.ts'
import { commit, type Engine } from './transaction.ts'

export const setQueue =
  (engine: Engine): JobUpkeep['setQueue'] =>
  (queue, { paused, maxRunning, ratePerMinute }) =>
    commit(engine, (tx) => {
      tx.connection.run(
        `INSERT INTO queue_state (queue, paused, max_running, rate_per_minute) VALUES (?1, coalesce(?2, 0), ?3, ?4)
         ON CONFLICT DO UPDATE SET paused = coalesce(?2, paused), max_running = coalesce(?3, max_running),
           rate_per_minute = coalesce(?4, rate_per_minute)`,
        queue,
        paused === undefined ? null : Number(paused),
        maxRunning ?? null,
        ratePerMinute ?? null,
      )
      tx.notify({ kind: 'queued', queue })
    })

interface QueueRow {
  readonly queue: string
  readonly queued: number
  readonly running: number
  readonly paused: number
  readonly max_running: number | null
}

export const queues =
  (engine: Engine): JobUpkeep['queues'] =>
  async () =>
    engine.database.reader
      .all<QueueRow>(
        'SELECT queue, queued, running, paused, max_running FROM queue_state ORDER BY queue',
      )
      .map(({ queue, queued, running, paused, max_running }): QueueView => ({
        queue,
        queued,
        running,
        paused: paused !== 0,
        ...(max_running === null ? {} : { maxRunning: max_running }),
      }))
