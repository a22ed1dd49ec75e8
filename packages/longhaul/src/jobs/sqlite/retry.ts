import { isTerminal } from '../job.ts'
import type { JobStore, RetryOutcome } from '../engine.ts'
import { laneClock } from './lane.ts'
import { scopedRow } from './scope.ts'
import { rankOf } from './submit.ts'
import { commit, type Engine } from './transaction.ts'
import { transition } from './transition.ts'

/** A new life under the old id, at the end of its lane. `attempt` and the event numbers go on. */
export const retry =
  (engine: Engine): JobStore['retry'] =>
  (ids, from, scope = 'everyone') =>
    commit(engine, (tx) =>
      ids.map((id): RetryOutcome => {
        const row = scopedRow(tx.connection, id, scope)
        if (row === undefined) return { id, kind: 'unknown' }
        if (!isTerminal(row.state)) return { id, kind: 'not-finished' }
        const runAfter = laneClock(tx, row.queue, row.owner)
        transition(tx, row, {
          to: 'queued',
          set: {
            failures: 0,
            lost: 0,
            run_after: runAfter,
            rank_at: rankOf(runAfter, row.priority),
            wake_at: null,
            cancel_requested_at: null,
            publishing: null,
            result: null,
            problem: null,
            started_at: null,
            ...(from === 'start' ? { checkpoint: null } : {}),
          },
          events: [{ type: 'retried', data: { from } }],
        })
        tx.connection.run('DELETE FROM job_progress WHERE job_id = ?', row.id)
        return { id, kind: 'retried' }
      }),
    )
