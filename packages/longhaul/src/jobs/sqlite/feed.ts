import type { SqliteDatabase } from '../../database/index.ts'
import type { Wakeup } from '../engine.ts'
import { databaseNow } from './database-now.ts'

export const newEvents = `SELECT e.feed, e.job_id AS jobId, job.queue FROM job_event e JOIN job ON job.id = e.job_id
  WHERE e.feed > ? ORDER BY e.feed LIMIT 1000`
export const newProgress =
  'SELECT job_id AS jobId, updated_at AS at FROM job_progress WHERE updated_at > ? ORDER BY updated_at LIMIT 1000'
export const dueQueues = `SELECT DISTINCT queue FROM
  (SELECT queue FROM job INDEXED BY job_wake WHERE wake_at <= ? LIMIT 1000)`

/** Answers, at each call, hints about what happened since the one before: commits of other processes, and time. */
export function otherProcesses(database: SqliteDatabase): () => Iterable<Wakeup> {
  const { reader } = database
  let version = database.dataVersion()
  let feed = reader.get<{ n: number | null }>('SELECT max(feed) AS n FROM job_event')?.n ?? 0
  let progressAt = databaseNow(reader)

  return function* () {
    const now = databaseNow(reader)
    for (const { queue } of reader.all<{ queue: string }>(dueQueues, now))
      yield { kind: 'queued', queue }
    const seen = database.dataVersion()
    if (seen === version) return
    version = seen
    const queues = new Set<string>()
    for (;;) {
      const rows = reader.all<{ feed: number; jobId: string; queue: string }>(newEvents, feed)
      for (const row of rows) {
        feed = row.feed
        queues.add(row.queue)
        yield { kind: 'changed', jobId: row.jobId }
      }
      if (rows.length < 1000) break
    }
    for (const queue of queues) yield { kind: 'queued', queue }
    for (const row of reader.all<{ jobId: string; at: number }>(newProgress, progressAt)) {
      progressAt = row.at
      yield { kind: 'progressed', jobId: row.jobId }
    }
  }
}
