import type { Claim, JobEngine, Outcome, Settlement, Turnover } from './engine.ts'
import type { JobId } from './job.ts'

export interface AttemptObserver {
  began(claim: Claim): void
  /** Also of an attempt whose lease was lost: then the verdict says so. Between being published and settled none has ended. */
  ended(jobId: JobId, how: Outcome | 'lost' | 'released'): void
}

/** The same engine for a worker, whose attempts are seen as they begin and end. */
export function observeAttempts(engine: JobEngine, observer: AttemptObserver): JobEngine {
  const began = (claims: readonly Claim[]): void => {
    for (const claim of claims) observer.began(claim)
  }
  const settled = (items: readonly Settlement[], verdicts: Turnover['verdicts']): void => {
    for (const [index, { lease, outcome }] of items.entries())
      if (outcome.kind !== 'publishing')
        observer.ended(lease.jobId, verdicts[index] === 'settled' ? outcome : 'lost')
  }
  return {
    ...engine,
    async claim(worker, wants) {
      const claims = await engine.claim(worker, wants)
      began(claims)
      return claims
    },
    async settle(items) {
      const verdicts = await engine.settle(items)
      settled(items, verdicts)
      return verdicts
    },
    async settleAndClaim(items, worker, wants) {
      const turnover = await engine.settleAndClaim(items, worker, wants)
      settled(items, turnover.verdicts)
      began(turnover.claims)
      return turnover
    },
    async release(leases) {
      await engine.release(leases)
      for (const { jobId } of leases) observer.ended(jobId, 'released')
    },
  }
}
