import type { Claim, JobEngine, Outcome, Settlement, Turnover } from '../jobs/engine.ts'
import type { JobId } from '../jobs/job.ts'

/** How attempts of this process ended, since its start. Words and numbers only: no ids. */
export class AttemptCounts {
  readonly #counts = new Map<string, { processor: string; end: string; count: number }>()

  add(processor: string, end: string): void {
    const key = `${processor}\n${end}`
    const entry = this.#counts.get(key) ?? { processor, end, count: 0 }
    this.#counts.set(key, { ...entry, count: entry.count + 1 })
  }

  /** `end`: completed, cancelled, released, or the class of the failure. */
  list(): readonly { readonly processor: string; readonly end: string; readonly count: number }[] {
    return [...this.#counts.values()]
  }
}

/** The same engine, which counts how the attempts end that a worker tells it of. */
export function countEnds(engine: JobEngine, counts: AttemptCounts): JobEngine {
  const processors = new Map<JobId, string>()
  const ended = (id: JobId, end: string): void => {
    const processor = processors.get(id)
    if (processor !== undefined) counts.add(processor, end)
    processors.delete(id)
  }
  const began = (claims: readonly Claim[]): void => {
    for (const { job } of claims) processors.set(job.id, job.processor)
  }
  const settled = (items: readonly Settlement[], verdicts: Turnover['verdicts']): void => {
    for (const [index, { lease, outcome }] of items.entries()) {
      if (outcome.kind === 'publishing') continue
      ended(lease.jobId, verdicts[index] === 'settled' ? endOf(outcome) : 'lost')
    }
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
      for (const { jobId } of leases) ended(jobId, 'released')
    },
  }
}

const endOf = (outcome: Outcome): string =>
  outcome.kind === 'failed' ? outcome.problem.code : outcome.kind
