import type { JobOutput as WireOutput, JobProgress, JobView, Problem } from '@longhaul/protocol'
import { hideMachinePaths } from '../../support/machine-paths.ts'
import type { Job, JobId, JobOutput } from '../job.ts'

/** The job in canonical words. */
export function nativeJob(job: Job): JobView {
  const self = `/jobs/${job.id}`
  return {
    job_id: job.id,
    processor: job.processor,
    queue: job.queue,
    version: job.version,
    kind: job.kind,
    status: job.state,
    priority: job.priority,
    owner: job.owner,
    attempt: job.attempt,
    failures: job.failures,
    lost: job.lost,
    max_attempts: job.maxFailures,
    created_at: iso(job.createdAt),
    updated_at: iso(job.updatedAt),
    started_at: isoOrNull(job.startedAt),
    completed_at: isoOrNull(job.completedAt),
    cancel_requested_at: isoOrNull(job.cancelRequestedAt),
    expires_at: isoOrNull(job.expiresAt),
    run_after: job.state === 'queued' || job.state === 'retry_wait' ? iso(job.runAfter) : null,
    waiting: job.waiting === undefined ? null : { ...job.waiting, since: iso(job.waiting.since) },
    batch_id: job.batch?.id ?? null,
    batch_item: job.batch?.item ?? null,
    depends_on: [...(job.dependsOn ?? [])],
    silent_since: isoOrNull(job.silentSince),
    checkpoint_at: isoOrNull(job.checkpointAt),
    tags: [...(job.params.tags ?? [])],
    memory_bytes: job.params.memoryBytes ?? null,
    progress: job.progress === undefined ? null : nativeProgress(job.progress),
    result: (job.result?.value ?? null) as JobView['result'],
    outputs: (job.result?.outputs ?? []).map((output) => nativeOutput(job.id, output)),
    problem: job.problem === undefined ? null : publicProblem(job.problem),
    error: job.problem === undefined ? null : hideMachinePaths(job.problem.detail),
    links: {
      self,
      events: `${self}/events`,
      outputs: `${self}/outputs`,
      logs: `${self}/logs`,
      cancel: `${self}/cancel`,
    },
  }
}

export function nativeProgress(progress: NonNullable<Job['progress']>): JobProgress {
  return {
    stage: progress.stage ?? null,
    percent: progress.percent ?? null,
    message: progress.message ?? null,
    done: progress.done ?? null,
    total: progress.total ?? null,
    rate_per_second: progress.ratePerSecond ?? null,
    eta_seconds: progress.etaSeconds ?? null,
    detail: (progress.detail ?? null) as JobProgress['detail'],
    updated_at: iso(progress.updatedAt),
  }
}

export function nativeOutput(jobId: JobId, output: JobOutput): WireOutput {
  return {
    name: output.name,
    field: output.field ?? null,
    uri: output.uri,
    size_bytes: output.size,
    sha256: output.sha256,
    content_type: output.mediaType,
    url: `/jobs/${jobId}/outputs/${output.name.split('/').map(encodeURIComponent).join('/')}`,
  }
}

/** What an author's exception says may name files of this machine; its stack is for the log alone. */
export function publicProblem({ trace: _trace, printed: _printed, ...problem }: Problem): Problem {
  return { ...problem, detail: hideMachinePaths(problem.detail) }
}

export const iso = (ms: number): string => new Date(ms).toISOString()
export const isoOrNull = (ms: number | undefined): string | null =>
  ms === undefined ? null : iso(ms)
