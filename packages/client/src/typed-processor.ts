import type { FileReference, JobOutput, JobView } from '@longhaul/protocol'
import type { ByteSource } from './byte-source.ts'
import { JobFailedError } from './errors.ts'
import type { FollowOptions } from './follow-job.ts'
import type { SubmitOptions } from './submit-job.ts'
import type { InputValue } from './upload-input.ts'

/** What `defineProcessor` gives, as far as a client asks: the types of its calls, without a value at run time. */
export interface AnyProcessor {
  readonly '~calls'?: { readonly name: string; readonly input: unknown; readonly output: unknown }
}
type CallsOf<P extends AnyProcessor> = NonNullable<P['~calls']>
export type NameOf<P extends AnyProcessor> = CallsOf<P>['name']
/** What a submission takes: files are something to upload, or a reference to what the service has. */
export type InputOf<P extends AnyProcessor> = Sent<CallsOf<P>['input']>
/** What `run` returned, as it comes over the wire: a file tells which output it is. */
export type ResultOf<P extends AnyProcessor> = Received<CallsOf<P>['output']>

/** How the framework types a file that a processor returns. */
interface OutputFile {
  toJSON(): { readonly $output: string }
}
type Sent<T> = T extends OutputFile
  ? ByteSource | FileReference
  : T extends readonly (infer Item)[]
    ? readonly Sent<Item>[]
    : T extends object
      ? { readonly [Name in keyof T]: Sent<T[Name]> }
      : T
/** A file in a result; its bytes are the job's output of that name. */
export type ResultFile = Omit<JobOutput, 'field' | 'url'>
type Received<T> = T extends OutputFile
  ? ResultFile
  : T extends readonly (infer Item)[]
    ? readonly Received<Item>[]
    : T extends object
      ? { readonly [Name in keyof T]: Received<T[Name]> }
      : T

export interface JobOf<P extends AnyProcessor> extends Omit<JobView, 'result'> {
  /** Null until it has completed. */
  readonly result: ResultOf<P> | null
}
export interface Finished<P extends AnyProcessor> {
  readonly job: JobOf<P>
  readonly result: ResultOf<P>
}

/** One processor of a service, with the types of its declaration. */
export interface TypedProcessor<P extends AnyProcessor> {
  readonly name: NameOf<P>
  submit(input: InputOf<P>, options?: SubmitOptions): Promise<JobOf<P>>
  /** Resolves when the job has ended, however it ended. */
  waitForJob(id: string, options?: FollowOptions): Promise<JobOf<P>>
  /** Submits and waits; a job that does not complete is a JobFailedError. */
  run(input: InputOf<P>, options?: SubmitOptions & FollowOptions): Promise<Finished<P>>
}

interface Jobs {
  submit(
    processor: string,
    input: Readonly<Record<string, InputValue>>,
    options?: SubmitOptions,
  ): Promise<JobView>
  waitForJob(id: string, options?: FollowOptions): Promise<JobView>
}

export function openProcessor<P extends AnyProcessor>(
  jobs: Jobs,
  name: NameOf<P>,
): TypedProcessor<P> {
  // The service validates input and result against the schemas that these types come from.
  const submit = async (input: InputOf<P>, options?: SubmitOptions): Promise<JobOf<P>> =>
    (await jobs.submit(name, input as Record<string, InputValue>, options)) as JobOf<P>
  return {
    name,
    submit,
    waitForJob: async (id, options) => (await jobs.waitForJob(id, options)) as JobOf<P>,
    run: async (input, options) => {
      const { job_id } = await submit(input, options)
      const ended = await jobs.waitForJob(job_id, options)
      if (ended.status !== 'completed') throw new JobFailedError(ended)
      const job = ended as JobOf<P>
      return { job, result: job.result as ResultOf<P> }
    },
  }
}
