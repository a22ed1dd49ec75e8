import type { AttemptUsage, JobClaims, Outcome } from '../engine.ts'
import { endAttempt } from './attempt.ts'
import { failAttempt, loseAttempt } from './failure.ts'
import { heldRow } from './fence.ts'
import type { JobRow } from './row.ts'
import { commit, type Engine, type Tx } from './transaction.ts'
import { transition } from './transition.ts'

/** One transaction for all items: a write of one that fails takes the others along. */
export const settle =
  (engine: Engine): JobClaims['settle'] =>
  (items) =>
    commit(engine, (tx) =>
      items.map(({ lease, outcome, usage, also = [] }) => {
        const row = heldRow(tx, lease)
        if (row === undefined) return 'lost'
        settleOne(tx, row, outcome, usage)
        tx.connection.write(also)
        return 'settled'
      }),
    )

function settleOne(tx: Tx, row: JobRow, outcome: Outcome, usage: AttemptUsage | undefined): void {
  switch (outcome.kind) {
    case 'publishing':
      return beginPublication(tx, row, outcome, usage)
    case 'completed':
      endAttempt(tx, row, { outcome: 'completed', usage })
      transition(tx, row, {
        to: 'completed',
        set: { publishing: null, problem: null, result: JSON.stringify(outcome.result) },
        events: [{ type: 'completed', data: { outputs: outcome.result.outputs.length } }],
      })
      return
    case 'failed':
      if (outcome.retry === 'lost') loseAttempt(tx, row, outcome.problem, usage)
      else failAttempt(tx, row, outcome.problem, outcome.retry, usage)
      return
    case 'cancelled':
      endAttempt(tx, row, { outcome: 'cancelled', usage })
      transition(tx, row, {
        to: 'cancelled',
        set: { publishing: null },
        events: [{ type: 'cancelled' }],
      })
  }
}

/**
 * The point of no return: from here on any worker can finish the publication from what is recorded, and no zombie can
 * begin another. Told twice (an answer was lost), the first record stands.
 */
function beginPublication(
  tx: Tx,
  row: JobRow,
  { result, outputs }: Extract<Outcome, { kind: 'publishing' }>,
  usage: AttemptUsage | undefined,
): void {
  if (row.publishing !== null) return
  endAttempt(tx, row, { outcome: 'publishing', usage })
  const lease = {
    lease_expires_at: tx.now + tx.settings.leaseMs,
    deadline_at: null,
    stop_told_at: null,
  }
  transition(tx, row, {
    to: row.state,
    // Without the fence (tests only) the job may be anybody's, or nobody's.
    set: {
      publishing: JSON.stringify({ result, outputs }),
      ...(row.state === 'running' ? lease : {}),
    },
    events: [{ type: 'publishing', data: { outputs: outputs.length } }],
  })
}
