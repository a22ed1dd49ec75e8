import { randomUUID } from 'node:crypto'
import type { Services } from '../app/services.ts'
import type { Write } from '../database/database.ts'
import { LonghaulError } from '../errors/index.ts'
import type { ProcessorDescription } from '../processor/description.ts'
import { newId } from '../support/ids.ts'
import type { Job, JobId, JobKind, JobParams, Priority } from './job.ts'

/** A request that has been validated. */
export interface Submission {
  readonly processor: ProcessorDescription
  /** `processor`: a form or `{input}`, told in native words. `batch`: a manifest or an ingest, told in system A's. `callable`: in system D's. */
  readonly kind: Extract<JobKind, 'processor' | 'batch' | 'callable'>
  readonly owner: string
  readonly params: JobParams
  /** @default a new one */
  readonly id?: JobId
  readonly priority?: Priority
  readonly timeoutSeconds?: number
  readonly maxAttempts?: number
  readonly idempotency?: { readonly key: string; readonly hash: string }
  readonly delaySeconds?: number
  readonly expiresInSeconds?: number
  readonly dependsOn?: readonly JobId[]
  readonly onDependency?: 'completed' | 'any'
  /** Has passed the outbound guard. */
  readonly callbackUrl?: string
  /** Whether a job that is there may be the answer; see submitOrReuse. */
  readonly reuse?: boolean
  readonly tags?: readonly string[]
}

export const newJobId = (kind: Submission['kind']): JobId =>
  // Clients of the older systems may parse their ids as UUIDs.
  kind === 'processor' ? newId('j') : randomUUID()

/**
 * The one place where a request becomes a job. `created` is false when the idempotency key had made it before.
 * Throws 'idempotency-conflict', 'job-exists'.
 */
export async function submitJob(
  { engine }: Pick<Services, 'engine'>,
  submission: Submission,
  also: readonly Write[] = [],
): Promise<{ readonly job: Job; readonly created: boolean }> {
  const { processor, kind, owner, params, priority, idempotency } = submission
  const { dependsOn, onDependency, callbackUrl, tags } = submission
  const delayMs = milliseconds(submission.delaySeconds)
  const expiresInMs = milliseconds(submission.expiresInSeconds)
  const maxFailures = submission.maxAttempts ?? processor.max_attempts
  const timeoutMs = milliseconds(submission.timeoutSeconds) ?? processor.timeout_ms
  const [outcome] = await engine.submit(
    [
      {
        id: submission.id ?? newJobId(kind),
        queue: processor.queue ?? processor.name,
        processor: processor.name,
        version: processor.version,
        kind,
        owner,
        params: {
          ...params,
          ...(callbackUrl === undefined ? {} : { callbackUrl }),
          ...(tags === undefined ? {} : { tags }),
        },
        ...(priority === undefined ? {} : { priority }),
        ...(idempotency === undefined ? {} : { idempotency }),
        ...(maxFailures === undefined ? {} : { maxFailures }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        ...(delayMs === undefined ? {} : { delayMs }),
        ...(expiresInMs === undefined ? {} : { expiresInMs }),
        ...(dependsOn === undefined ? {} : { dependsOn }),
        ...(onDependency === undefined ? {} : { onDependency }),
      },
    ],
    also,
  )
  if (outcome === undefined) throw new Error('the engine answered nothing for one job')
  if (outcome.kind !== 'conflict') return { job: outcome.job, created: outcome.kind === 'created' }
  if (outcome.over === 'id')
    throw new LonghaulError('job-exists', `Job ${outcome.jobId} exists already.`)
  throw new LonghaulError(
    'idempotency-conflict',
    `The idempotency key ${idempotency?.key} belongs to job ${outcome.jobId}, which was submitted with another body.`,
    { facts: { job_id: outcome.jobId } },
  )
}

const milliseconds = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : Math.ceil(seconds * 1000)
