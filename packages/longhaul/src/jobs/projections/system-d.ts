import type { CallableJob, CallableStatus } from '@longhaul/protocol'
import type { Job, JobState } from '../job.ts'
import { iso, isoOrNull } from './native.ts'
import { errorOfEnd } from './system-a.ts'

const words: Record<JobState, CallableStatus> = {
  queued: 'pending',
  running: 'running',
  retry_wait: 'pending',
  paused: 'pending',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'failed',
}

/** The job in the four words and seven fields that clients of system D know, and that `status.json` holds. */
export function systemDJob(job: Job): CallableJob {
  return {
    job_id: job.id,
    status: words[job.state],
    created_at: iso(job.createdAt),
    started_at: isoOrNull(job.startedAt),
    completed_at: isoOrNull(job.completedAt),
    error: errorOfEnd(job),
    result: resultOf(job) as CallableJob['result'],
  }
}

export const systemDStatus = (job: Job): CallableStatus => words[job.state]

export const statesOfSystemD = (word: CallableStatus): readonly JobState[] =>
  (Object.keys(words) as JobState[]).filter((state) => words[state] === word)

/** `{result: value}`; a callable that returned nothing has none. */
function resultOf({ kind, state, result }: Job): { readonly result: unknown } | null {
  if (state !== 'completed' || result === undefined) return null
  const { value } = result
  const returned = kind === 'callable' ? (value as { result?: unknown } | null)?.result : value
  return returned == null ? null : { result: returned }
}
