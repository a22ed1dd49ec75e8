import type { JobClaims, Settlement } from '../engine.ts'
import { settleAttempt } from '../rules/index.ts'
import { claim } from './claim.ts'
import { commit } from './commit.ts'
import { heldBy } from './fence.ts'
import { give } from './give.ts'
import { grouped } from './grouped.ts'
import { byId, holdJobs, lockQueuesOfJobsAnd } from './hold.ts'
import { look, type Claimer, type Given, type Look } from './look.ts'
import { transition } from './transition.ts'
import type { Engine, Tx } from './tx.ts'

interface Call {
  readonly items: readonly Settlement[]
  /** Who wants something in the place of what ended. */
  readonly claimer?: Claimer | undefined
}
type Held = Parameters<typeof heldBy>[1]
type Verdicts = Awaited<ReturnType<JobClaims['settle']>>

/** One transaction for all items of a call, for what it claims, and for calls that come at the same time. */
export function settling(engine: Engine): Pick<JobClaims, 'settle' | 'settleAndClaim'> {
  const claimLater = claim(engine)
  const settle = grouped(async (calls: readonly Call[]) => {
    const claimers = calls.flatMap(({ claimer }) => claimer ?? [])
    const { verdicts, given } = await commit(engine, (tx) => turnOver(tx, calls, claimers))
    return calls.map(({ claimer }, index) => {
      const place = claimer === undefined ? -1 : claimers.indexOf(claimer)
      const claims = given === 'later' ? given : (given[place] ?? [])
      return { value: { verdicts: verdicts[index] ?? [], claims } }
    })
  })
  return {
    settle: async (items) => (await settle({ items })).verdicts,
    async settleAndClaim(items, worker, wanted) {
      const wants = wanted.filter(({ slots }) => slots > 0)
      if (wants.length === 0) return { verdicts: (await settle({ items })).verdicts, claims: [] }
      const { verdicts, claims } = await settle({ items, claimer: { worker, wants } })
      if (claims !== 'later') return { verdicts, claims }
      // The attempts have ended, whatever becomes of this: who gets nothing asks again.
      return { verdicts, claims: await claimLater(worker, wants).catch(() => []) }
    },
  }
}

async function turnOver(
  tx: Tx,
  calls: readonly Call[],
  claimers: readonly Claimer[],
): Promise<{ readonly verdicts: readonly Verdicts[]; readonly given: Given | 'later' }> {
  const ids = [...new Set(calls.flatMap(({ items }) => items).map(({ lease }) => lease.jobId))]
  const { held, found } = await hold(tx, ids, claimers)
  const writes: Promise<void>[] = []
  const verdicts = calls.map(({ items }) => settleItems(tx, held, items, writes))
  // Sent together: nobody waits for the answer to another's.
  const [given] = await Promise.all([
    found === undefined ? [] : give(tx, found, claimers),
    ...writes,
  ])
  return { verdicts, given }
}

/** The queues of what ends and of what is wanted are locked together, in the order that everybody keeps. */
async function hold(
  tx: Tx,
  ids: readonly string[],
  claimers: readonly Claimer[],
): Promise<{ readonly held: Held; readonly found?: Look }> {
  if (claimers.length === 0) return { held: await holdJobs(tx, ids) }
  const wanted = claimers.flatMap(({ wants }) => wants.map(({ queue }) => queue))
  const [, found] = await Promise.all([
    tx.settings.noQueueLock ? [] : tx.session.query(lockQueuesOfJobsAnd, [ids, wanted]),
    look(tx, claimers, ids),
  ])
  tx.now = found.now
  return { held: byId(found.held), found }
}

function settleItems(
  tx: Tx,
  held: Held,
  items: readonly Settlement[],
  writes: Promise<void>[],
): Verdicts {
  const answers: Verdicts[number][] = []
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
