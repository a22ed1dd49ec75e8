import type { SystemAJob, SystemAStatus } from '@longhaul/protocol'
import { hideMachinePaths } from '../../support/machine-paths.ts'
import type { Json, JsonObject } from '../../support/json.ts'
import type { Job, JobOutput, JobState } from '../job.ts'
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
    error: errorOf(job),
    result: resultOf(job) as SystemAJob['result'],
    progress: progressOf(job) as SystemAJob['progress'],
  }
}

export const systemAStatus = (job: Job): SystemAStatus => words[job.state]

/** Their clients turn an empty error into "Unknown error". */
function errorOf({ state, problem }: Job): string | null {
  if (state === 'cancelled') return 'cancelled'
  if (state !== 'failed') return null
  return hideMachinePaths(problem?.detail ?? '') || problem?.title || 'The job failed'
}

function progressOf({ progress }: Job): JsonObject | null {
  if (progress === undefined) return null
  const { detail, stage, percent, message, done, total } = progress
  return dropUndefined({ stage, percent, message, done, total, ...detail })
}

/** The processor's own object; what it wrote stands under `outputs` unless it says so itself. */
function resultOf({ state, result }: Job): JsonObject | null {
  if (state !== 'completed' || result === undefined) return null
  const value = isObject(result.value)
    ? result.value
    : result.value === null
      ? {}
      : { value: result.value }
  if ('outputs' in value || result.outputs.length === 0) return value
  return { ...value, outputs: describeOutputs(result.outputs) }
}

/** A.7: numbered files of one writer are one descriptor; a tar shard goes with its index. */
function describeOutputs(outputs: readonly JobOutput[]): Json[] {
  const names = new Set(outputs.map(({ name }) => name))
  const groups = new Map<string, JobOutput[]>()
  for (const output of outputs) {
    if (/\.json$/.test(output.name) && names.has(output.name.replace(/json$/, 'tar'))) continue
    const stem = output.name.replace(/(_\d+)?\.[^./]*$/, '')
    const extension = /[^./]*$/.exec(output.name)?.[0] ?? ''
    const group = `${stem}.${extension}`
    groups.set(group, [...(groups.get(group) ?? []), output])
  }
  const byName = new Map(outputs.map((output) => [output.name, output]))
  return [...groups].map(([group, files]) => describeGroup(group, files, byName))
}

function describeGroup(
  group: string,
  files: readonly JobOutput[],
  byName: ReadonlyMap<string, JobOutput>,
): Json {
  const dot = group.lastIndexOf('.')
  const name = group.slice(0, dot)
  const format = group.slice(dot + 1)
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  if (format === 'tar') {
    const shards = files.map((file) => ({
      name: file.name,
      uri: file.uri,
      index_uri: byName.get(file.name.replace(/tar$/, 'json'))?.uri ?? null,
      metadata: { bytes: file.size },
    }))
    return { name, type: 'binary', format: 'webdataset', uris: [], shards, metadata: { bytes } }
  }
  const type = ['jsonl', 'parquet', 'csv'].includes(format) ? 'tabular' : 'binary'
  const uris = files.map(({ uri }) => uri)
  return { name, type, format, uris, shards: [], metadata: { file_count: files.length, bytes } }
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const dropUndefined = (record: Record<string, Json | undefined>): JsonObject =>
  Object.fromEntries(
    Object.entries(record).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  )
