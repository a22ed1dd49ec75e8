import { jobView, type JobView } from '@longhaul/protocol'
import type { Connection } from './connection.ts'
import { uploadInput, type InputValue } from './upload-input.ts'
import type { UploadOptions } from './upload-source.ts'

export interface SubmitOptions extends Omit<UploadOptions, 'uploadId' | 'onStarted'> {
  /** Names the request: sent again, it answers with the same job. @default a random one, so that a lost answer is no second job */
  readonly idempotencyKey?: string | undefined
  readonly priority?: number | undefined
  readonly timeoutSeconds?: number | undefined
  /** Earliest start, from now. */
  readonly delaySeconds?: number | undefined
  /** Unless it has started by then, it fails `expired`. */
  readonly expiresInSeconds?: number | undefined
  /** Jobs that must end first. */
  readonly dependsOn?: readonly string[] | undefined
  /** @default completed: one that does not complete fails this job too */
  readonly onDependency?: 'completed' | 'any' | undefined
  /**
   * True: a job of the same version, parameters and input digests that has completed, or is under way, is the answer, and has
   * `reused`. False: it is made anew. @default what the processor says, else false
   */
  readonly reuse?: boolean | undefined
  /** What it can be found by, as `run=7`. */
  readonly tags?: readonly string[] | undefined
}
/** Uploads the files in `input`, then submits. */
export async function submitJob(
  connection: Connection,
  processor: string,
  input: Readonly<Record<string, InputValue>>,
  options: SubmitOptions,
): Promise<JobView> {
  const fields = await uploadInput(connection, input, options)
  return connection.read(jobView, `/processors/${encodeURIComponent(processor)}/jobs`, {
    method: 'POST',
    headers: { 'idempotency-key': options.idempotencyKey ?? crypto.randomUUID() },
    json: {
      input: fields,
      // JSON leaves out what is undefined.
      priority: options.priority,
      timeout_seconds: options.timeoutSeconds,
      delay_seconds: options.delaySeconds,
      expires_in_seconds: options.expiresInSeconds,
      depends_on: options.dependsOn,
      on_dependency: options.onDependency,
      reuse: options.reuse,
      tags: options.tags,
    },
    signal: options.signal,
  })
}
