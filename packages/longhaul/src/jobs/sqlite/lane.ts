import type { Connection } from '../../database/index.ts'
import type { JobRow } from './row.ts'
import type { Tx } from './transaction.ts'

type Counted = Pick<JobRow, 'queue' | 'owner' | 'state' | 'wake_at' | 'blocked_by' | 'publishing'>
const states = [
  'queued',
  'running',
  'retry_wait',
  'paused',
  'completed',
  'failed',
  'cancelled',
] as const

/** Whether the head of its lane could be this job. The same words as the index job_ready. */
const isReady = (row: Counted): boolean =>
  row.state === 'queued' && row.wake_at === null && row.blocked_by === 0 && row.publishing === null

const move = `UPDATE lane SET ready = ready + ?, ${states.map((s) => `${s} = ${s} + ?`).join(', ')}
  WHERE queue = ? AND owner = ?`
const moveQueue =
  'UPDATE queue_state SET queued = queued + ?, running = running + ? WHERE queue = ?'

/** Keeps the counters of a job's lane and queue in step with one transition; undefined = the row is not there. */
export function countTransition(tx: Tx, before: Counted | undefined, after: Counted | undefined) {
  const row = after ?? before
  if (row === undefined) return
  const is = (state: string, counted: Counted | undefined): number =>
    counted?.state === state ? 1 : 0
  const ready =
    Number(after !== undefined && isReady(after)) - Number(before !== undefined && isReady(before))
  const changes = states.map((state) => is(state, after) - is(state, before))
  const [queued = 0, running = 0] = changes
  if (ready === 0 && changes.every((change) => change === 0)) return
  if (queued !== 0 || running !== 0) tx.connection.run(moveQueue, queued, running, row.queue)
  tx.connection.run(move, ready, ...changes, row.queue, row.owner)
}

/** Makes sure the lane is there; answers its clock, which is the database's but never goes back. */
export function laneClock(tx: Tx, queue: string, owner: string): number {
  tx.connection.run('INSERT INTO queue_state (queue) VALUES (?) ON CONFLICT DO NOTHING', queue)
  const lane = tx.connection.get<{ submit_clock: number }>(
    `INSERT INTO lane (queue, owner, submit_clock) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET submit_clock = max(submit_clock, excluded.submit_clock)
     RETURNING submit_clock`,
    queue,
    owner,
    tx.now,
  )
  return lane?.submit_clock ?? tx.now
}

const counted = `SELECT queue, owner,
    ${states.map((s) => `sum(state = '${s}') AS ${s}`).join(', ')},
    sum(state = 'queued' AND wake_at IS NULL AND blocked_by = 0 AND publishing IS NULL) AS ready
  FROM job GROUP BY queue, owner`
const columns = ['ready', ...states]

export interface LaneDrift {
  readonly queue: string
  readonly owner: string
}

/** Lanes and queues whose counters differ from their jobs: none, unless the engine has a bug. Reads every job. */
export function laneDrift(connection: Connection): readonly LaneDrift[] {
  return connection.all<LaneDrift>(
    `WITH counted AS (${counted})
     SELECT lane.queue, lane.owner FROM lane LEFT JOIN counted c
       ON c.queue = lane.queue AND c.owner = lane.owner
       WHERE ${columns.map((s) => `lane.${s} <> coalesce(c.${s}, 0)`).join(' OR ')}
     UNION ALL
     SELECT c.queue, c.owner FROM counted c
       WHERE NOT EXISTS (SELECT 1 FROM lane WHERE lane.queue = c.queue AND lane.owner = c.owner)
     UNION ALL
     SELECT q.queue, '*' FROM queue_state q
       WHERE q.queued <> (SELECT coalesce(sum(queued), 0) FROM lane WHERE lane.queue = q.queue)
          OR q.running <> (SELECT coalesce(sum(running), 0) FROM lane WHERE lane.queue = q.queue)`,
  )
}
