import { systemAJob, type SystemAJob } from '@longhaul/protocol'
import type { Connection } from '../connection.ts'
import { followJob } from '../follow-job.ts'
import { JobFailedError, JobTimeoutError } from './errors.ts'

export interface WaitOptions {
  /** Between two looks where there is no event stream. @default 5 s */
  readonly pollIntervalMs?: number | undefined
  /** null is for ever. @default an hour */
  readonly timeoutMs?: number | null | undefined
  /** Told every progress, each once. */
  readonly onProgress?: ((progress: NonNullable<SystemAJob['progress']>) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export const readOldJob = (
  connection: Connection,
  id: string,
  signal?: AbortSignal,
): Promise<SystemAJob> => connection.read(systemAJob, `/jobs/${encodeURIComponent(id)}`, { signal })

/** Over the event stream, or by asking again and again; resolves with a completed job and nothing else. */
export async function waitForJob(
  connection: Connection,
  id: string,
  { pollIntervalMs = 5000, timeoutMs = 3_600_000, onProgress, signal }: WaitOptions,
): Promise<SystemAJob> {
  const deadline = new AbortController()
  const timeout = new JobTimeoutError(id, timeoutMs ?? 0)
  // A timer holds 2^31 ms at most and takes more for "now".
  const timer =
    timeoutMs === null || timeoutMs > 2 ** 31 - 1
      ? undefined
      : setTimeout(() => deadline.abort(timeout), timeoutMs)
  const either = AbortSignal.any([deadline.signal, ...(signal ? [signal] : [])])
  try {
    let told = ''
    for await (const update of followJob(connection, id, {
      pollMs: pollIntervalMs,
      signal: either,
    })) {
      const { updated_at: at = '' } = update.job.progress ?? {}
      if (onProgress === undefined || at === told) continue
      told = at
      const { progress } = await readOldJob(connection, id, either)
      if (progress !== null) onProgress(progress)
    }
    const job = await readOldJob(connection, id, either)
    if (job.status === 'failed') throw new JobFailedError(id, job.error ?? 'Unknown error')
    return job
  } finally {
    clearTimeout(timer)
  }
}
