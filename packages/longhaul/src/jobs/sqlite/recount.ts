import type { Connection } from '../../database/index.ts'
import type { JobUpkeep, LaneDrift } from '../engine.ts'
import { countedStates } from '../rules/index.ts'
import { commit, type Engine, type Tx } from './transaction.ts'

const counted = `SELECT queue, owner,
    ${countedStates.map((s) => `sum(state = '${s}') AS ${s}`).join(', ')},
    sum(state = 'queued' AND wake_at IS NULL AND blocked_by = 0 AND publishing IS NULL) AS ready
  FROM job GROUP BY queue, owner`
const columns = ['ready', ...countedStates]

/** Looks first without the write lock: it reads every job, and as a rule there is nothing to mend. */
export const recount =
  (engine: Engine): JobUpkeep['recount'] =>
  async ({ mend = false } = {}) => {
    const drift = laneDrift(engine.database.reader)
    if (!mend || drift.length === 0) return drift
    return commit(engine, (tx) => {
      const found = laneDrift(tx.connection)
      mendLanes(tx)
      return found
    })
  }

/** Lanes and queues whose counters differ from their jobs. */
function laneDrift(connection: Connection): readonly LaneDrift[] {
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

function mendLanes(tx: Tx): void {
  const { connection } = tx
  connection.run('INSERT OR IGNORE INTO queue_state (queue) SELECT DISTINCT queue FROM job')
  connection.run('INSERT OR IGNORE INTO lane (queue, owner) SELECT DISTINCT queue, owner FROM job')
  connection.run(`UPDATE lane SET ${columns.map((column) => `${column} = 0`).join(', ')}`)
  connection.run(
    `UPDATE lane SET ${columns.map((column) => `${column} = c.${column}`).join(', ')}
     FROM (${counted}) c WHERE c.queue = lane.queue AND c.owner = lane.owner`,
  )
  connection.run(
    `UPDATE queue_state SET (queued, running) =
       (SELECT coalesce(sum(queued), 0), coalesce(sum(running), 0) FROM lane WHERE lane.queue = queue_state.queue)`,
  )
}
