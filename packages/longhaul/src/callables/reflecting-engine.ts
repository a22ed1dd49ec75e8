import type { Claim, JobEngine, Settlement } from '../jobs/engine.ts'
import type { JobId } from '../jobs/job.ts'
import type { RunDirectories } from './run-directories.ts'

/** The same engine for a worker, whose attempts of callables are seen in their run directories as they begin and end. */
export function reflectingEngine(
  engine: JobEngine,
  runs: Pick<RunDirectories, 'reflect' | 'reflectSoon'>,
): JobEngine {
  const ours = new Set<JobId>()
  const began = (claims: readonly Claim[]): void => {
    for (const { job } of claims) {
      if (job.kind !== 'callable') continue
      ours.add(job.id)
      runs.reflectSoon(job.id)
    }
  }
  /** Nobody waits for it: the slot is free as soon as the database knows. */
  const ended = (items: readonly { readonly lease: { readonly jobId: JobId } }[]): void => {
    for (const { lease } of items)
      if (ours.delete(lease.jobId)) void runs.reflect({ id: lease.jobId })
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
      ended(items.filter(isEnd))
      return verdicts
    },
    async settleAndClaim(items, worker, wants) {
      const turnover = await engine.settleAndClaim(items, worker, wants)
      ended(items.filter(isEnd))
      began(turnover.claims)
      return turnover
    },
    async release(leases) {
      await engine.release(leases)
      ended(leases.map((lease) => ({ lease })))
    },
  }
}

const isEnd = ({ outcome }: Settlement): boolean => outcome.kind !== 'publishing'
