import type { JobUpkeep, LaneDrift } from '../engine.ts'
import { countedStates } from '../rules/index.ts'
import { commit } from './commit.ts'
import type { Engine, Tx } from './tx.ts'

const counted = `SELECT queue, owner,
    ${countedStates.map((s) => `count(*) FILTER (WHERE state = '${s}') AS ${s}`).join(', ')},
    count(*) FILTER (WHERE state = 'queued' AND wake_at IS NULL AND blocked_by = 0 AND publishing IS NULL) AS ready
  FROM job GROUP BY queue, owner`
const columns = ['ready', ...countedStates]

/** Lanes and queues whose counters differ from their jobs, in one statement: of one moment. */
const drifts = `WITH counted AS (${counted})
  SELECT lane.queue, lane.owner FROM lane LEFT JOIN counted c
    ON c.queue = lane.queue AND c.owner = lane.owner
    WHERE ${columns.map((s) => `lane.${s} <> coalesce(c.${s}, 0)`).join(' OR ')}
  UNION ALL
  SELECT c.queue, c.owner FROM counted c
    WHERE NOT EXISTS (SELECT 1 FROM lane WHERE lane.queue = c.queue AND lane.owner = c.owner)
  UNION ALL
  SELECT q.queue, '*' FROM queue_state q
    WHERE q.queued <> (SELECT coalesce(sum(queued), 0) FROM lane WHERE lane.queue = q.queue)
       OR q.running <> (SELECT coalesce(sum(running), 0) FROM lane WHERE lane.queue = q.queue)`

/** Looks first without a lock: it reads every job, and as a rule there is nothing to mend. */
export const recount =
  (engine: Engine): JobUpkeep['recount'] =>
  async ({ mend = false } = {}) => {
    const drift = await engine.database.query<LaneDrift>(drifts)
    if (!mend || drift.length === 0) return drift
    return commit(engine, async (tx) => {
      await tx.session.query('SELECT 1 FROM queue_state ORDER BY queue FOR UPDATE')
      const found = await tx.session.query<LaneDrift>(drifts)
      mendLanes(tx)
      return found
    })
  }

function mendLanes(tx: Tx): void {
  const texts = [
    'INSERT INTO queue_state (queue) SELECT DISTINCT queue FROM job ON CONFLICT DO NOTHING',
    'INSERT INTO lane (queue, owner) SELECT DISTINCT queue, owner FROM job ON CONFLICT DO NOTHING',
    `UPDATE lane SET ${columns.map((column) => `${column} = 0`).join(', ')}`,
    `UPDATE lane SET ${columns.map((column) => `${column} = c.${column}`).join(', ')}
     FROM (${counted}) c WHERE c.queue = lane.queue AND c.owner = lane.owner`,
    `UPDATE queue_state SET (queued, running) =
       (SELECT coalesce(sum(queued), 0), coalesce(sum(running), 0) FROM lane WHERE lane.queue = queue_state.queue)`,
  ]
  tx.more.push(...texts.map((text) => ({ text })))
}
