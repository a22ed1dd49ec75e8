import type { SystemAJob, SystemAStatus } from '@longhaul/protocol'
import { describeOutputs, resultsIndexName } from '../../results/index.ts'
import { hideMachinePaths } from '../../support/machine-paths.ts'
import type { Json, JsonObject } from '../../support/json.ts'
import type { Job, JobState } from '../job.ts'
import { iso } from './native.ts'

const words: Record<JobState, SystemAStatus> = {
  queued: 'queued',
  running: 'processing',
  retry_wait: 'queued',
  paused: 'queued',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'failed',
}

/** The job in the four words and eight fields that clients of system A know; anything else breaks them. */
export function systemAJob(job: Job): SystemAJob {
  return {
    job_id: job.id,
    status: words[job.state],
    created_at: iso(job.createdAt),
    started_at: job.startedAt === undefined ? null : iso(job.startedAt),
    completed_at: job.completedAt === undefined ? null : iso(job.completedAt),
    error: errorOfEnd(job),
    result: resultOf(job) as SystemAJob['result'],
    progress: progressOf(job) as SystemAJob['progress'],
  }
}

export const systemAStatus = (job: Job): SystemAStatus => words[job.state]

/** Their clients turn an empty error into "Unknown error". */
export function errorOfEnd({ state, problem }: Job): string | null {
  if (state === 'cancelled') return 'cancelled'
  if (state !== 'failed') return null
  return hideMachinePaths(problem?.detail ?? '') || problem?.title || 'The job failed'
}

function progressOf({ progress }: Job): JsonObject | null {
  if (progress === undefined) return null
  const { detail, stage, percent, message, done, total } = progress
  return dropUndefined({ stage, percent, message, done, total, ...detail })
}

/** The processor's own object; what it wrote, and where that is listed, stands in it unless it says so itself. */
function resultOf({ state, result }: Job): JsonObject | null {
  if (state !== 'completed' || result === undefined) return null
  const value = isObject(result.value)
    ? result.value
    : result.value === null
      ? {}
      : { value: result.value }
  const index = result.outputs.find(({ name }) => name === resultsIndexName)
  const written = result.outputs.filter((output) => output !== index)
  return {
    ...(written.length === 0 ? {} : { outputs: describeOutputs(written) as Json }),
    ...(index === undefined ? {} : { results_index_uri: index.uri }),
    ...value,
  }
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const dropUndefined = (record: Record<string, Json | undefined>): JsonObject =>
  Object.fromEntries(
    Object.entries(record).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  )
