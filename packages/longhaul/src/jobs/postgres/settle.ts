import type { JobClaims } from '../engine.ts'
import { settleAttempt } from '../rules/index.ts'
import { commit } from './commit.ts'
import { heldBy } from './fence.ts'
import { grouped } from './grouped.ts'
import { holdJobs } from './hold.ts'
import { transition } from './transition.ts'
import type { Engine, Tx } from './tx.ts'

type Items = Parameters<JobClaims['settle']>[0]
type Answers = Awaited<ReturnType<JobClaims['settle']>>

/** One transaction for all items of a call, and of calls that come at the same time. */
export const settle = (engine: Engine): JobClaims['settle'] =>
  grouped((calls: readonly Items[]) =>
    commit(engine, async (tx) => {
      const held = await holdJobs(tx, [...new Set(calls.flat().map(({ lease }) => lease.jobId))])
      const writes: Promise<void>[] = []
      const answers = calls.map((items) => ({ value: settleItems(tx, held, items, writes) }))
      // Sent together: nobody waits for the answer to another's.
      await Promise.all(writes)
      return answers
    }),
  )

function settleItems(
  tx: Tx,
  held: Parameters<typeof heldBy>[1],
  items: Items,
  writes: Promise<void>[],
): Answers {
  const answers: Answers[number][] = []
  for (const { lease, outcome, usage, also = [] } of items) {
    const row = heldBy(tx, held, lease)
    answers.push(row === undefined ? 'lost' : 'settled')
    if (row === undefined) continue
    const decision = settleAttempt(row, outcome, usage, tx)
    if (decision !== undefined) transition(tx, row, decision)
    if (also.length > 0) writes.push(tx.session.write(also))
  }
  return answers
}
