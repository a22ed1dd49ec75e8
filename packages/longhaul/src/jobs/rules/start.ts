import type { Checkpoint, Claim } from '../engine.ts'
import { parse, toJob, type JobRow } from '../row.ts'
import type { Decision, Given } from './decision.ts'
import type { Publication } from './settle.ts'

/** A claim: the next attempt of a queued job, or the rest of a publication. */
export function startAttempt(
  row: JobRow,
  worker: string,
  nonce: string,
  { now, settings }: Given,
): Decision {
  const resume = row.publishing === null ? 'run' : 'publish'
  return {
    to: 'running',
    set: {
      attempt: row.attempt + 1,
      lease_nonce: nonce,
      lease_worker: worker,
      lease_expires_at: now + settings.leaseMs,
      deadline_at: row.timeout_ms === null || resume === 'publish' ? null : now + row.timeout_ms,
      started_at: row.started_at ?? now,
    },
    events: [{ type: 'started', data: { worker, resume } }],
  }
}

/** What the worker is given; the row is as `startAttempt` left it, `manifest` the newest checkpoint's. */
export function claimOf(row: JobRow, manifest: string | undefined): Claim {
  const lease = { jobId: row.id, attempt: row.attempt, nonce: row.lease_nonce ?? '' }
  const job = toJob(row)
  if (row.publishing !== null)
    return { resume: 'publish', lease, job, ...parse<Publication>(row.publishing) }
  if (manifest === undefined) return { resume: 'run', lease, job }
  return { resume: 'run', lease, job, checkpoint: parse<Checkpoint>(manifest) }
}
