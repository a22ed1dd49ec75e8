import type { Services } from '../app/services.ts'
import { lookUpResult } from '../reuse/index.ts'
import type { Job } from './job.ts'
import { newJobId, submitJob, type Submission } from './submit-job.ts'

export interface SubmittedOrReused {
  readonly job: Job
  readonly created: boolean
  /** The job was there, under another name than the request's own. */
  readonly reused: boolean
}

/** A job of its own, or one that follows from the same, where request and processor allow it. */
export async function submitOrReuse(
  services: Services,
  submission: Submission,
): Promise<SubmittedOrReused> {
  const found = await lookUp(services, submission)
  if (found.kind === 'found') return { job: found.job, created: false, reused: true }
  const id = submission.id ?? newJobId(submission.kind)
  const submitted = await submitJob(services, { ...submission, id }, found.writes(id))
  return { ...submitted, reused: false }
}

async function lookUp(services: Services, submission: Submission) {
  const { processor, owner, params, callbackUrl, dependsOn, delaySeconds, idempotency, reuse } =
    submission
  // Whoever says when it is to run, or wants to be told of its end, wants it to run.
  const wantsRun =
    dependsOn !== undefined || delaySeconds !== undefined || callbackUrl !== undefined
  if (wantsRun) return { kind: 'none', writes: () => [] } as const
  const idempotencyKey = idempotency?.key
  return lookUpResult(services, { processor, owner, params, idempotencyKey, reuse })
}
