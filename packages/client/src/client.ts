import {
  health,
  jobCache,
  jobList,
  jobView,
  jobWaits,
  processorList,
  processorView,
  uploadView,
  type Health,
  type JobCache,
  type JobList,
  type JobOutput,
  type JobStatus,
  type JobView,
  type JobWaits,
  type ProcessorSummary,
  type ProcessorView,
  type UploadView,
} from '@longhaul/protocol'
import type { ByteSource } from './byte-source.ts'
import { callAction, type ActionAnswer, type ActionInput, type CallOptions } from './call-action.ts'
import { openBatches, type Batches } from './batches.ts'
import { openCallables, type Callables } from './callables.ts'
import { openConnection, type ConnectionOptions } from './connection.ts'
import {
  downloadOutput,
  type Downloaded,
  type DownloadOptions,
  type DownloadSink,
} from './download-output.ts'
import { UnreachableError } from './errors.ts'
import { followJob, readJob, type FollowOptions, type JobUpdate } from './follow-job.ts'
import { openOperations, type Operations } from './operations.ts'
import { openOperator, type Operator } from './operator.ts'
import { sha256, type Hasher } from './sha256.ts'
import { submitJob, type SubmitOptions } from './submit-job.ts'
import {
  openProcessor,
  type AnyProcessor,
  type NameOf,
  type TypedProcessor,
} from './typed-processor.ts'
import type { InputValue } from './upload-input.ts'
import type { UploadMemory } from './upload-memory.ts'
import { uploadSource, type Uploaded, type UploadOptions } from './upload-source.ts'

export interface ClientOptions extends Omit<ConnectionOptions, 'url'> {
  /** @default http://127.0.0.1:8000 */
  readonly url?: string | undefined
  /** A faster SHA-256 than the built-in one: `nodeSha256` of `@longhaul/client/node`. */
  readonly newHasher?: (() => Hasher) | undefined
  /** Lets uploads go on after a page was closed or a program killed: `storedUploads`, or `notedUploads` of the Node half. */
  readonly uploadMemory?: UploadMemory | undefined
}

export interface JobsQuery {
  readonly status?: readonly JobStatus[] | undefined
  readonly processor?: string | undefined
  /** With all of these tags. */
  readonly tag?: readonly string[] | undefined
  /** Of this owner, for a key that sees more than its own. */
  readonly owner?: string | undefined
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
}

/** One longhaul service. Needs nothing but `fetch`: the same in Node and in a browser. */
export interface Client {
  readonly url: string
  /** Alive, and what it is; no key is needed. */
  health(): Promise<Health>
  processors(): Promise<readonly ProcessorSummary[]>
  processor(name: string): Promise<ProcessorView>
  /** Uploads the files in `input`, then submits. */
  submit(
    processor: string,
    input: Readonly<Record<string, InputValue>>,
    options?: SubmitOptions,
  ): Promise<JobView>
  /** An answer at once, without a job. A service that has no room now is asked again, as often as for anything else. */
  call(
    processor: string,
    action: string,
    input?: ActionInput,
    options?: CallOptions,
  ): Promise<ActionAnswer>
  upload(source: ByteSource, options?: UploadOptions): Promise<Uploaded>
  /** What the service has of an upload. */
  uploadStatus(uploadId: string): Promise<UploadView>
  /** Gives up an upload that is not complete. */
  abortUpload(uploadId: string): Promise<void>
  /**
   * One processor, typed by its declaration.
   *
   * @example
   * import type thumbnail from './thumbnail.ts'
   * const { result } = await client.typed<typeof thumbnail>('thumbnail').run({ image: file, width: 128 })
   */
  typed<P extends AnyProcessor>(name: NameOf<P>): TypedProcessor<P>
  job(id: string): Promise<JobView>
  /** One page, newest first; `next` is the following page's `cursor`. */
  jobs(query?: JobsQuery): Promise<JobList>
  /** Every page, one job at a time. */
  allJobs(query?: Omit<JobsQuery, 'cursor'>): AsyncGenerator<JobView>
  /** Idempotent; a job that has ended otherwise is 'job-finished'. */
  cancel(id: string): Promise<JobView>
  /** `memoryBytes`: what its attempts may hold from now on, instead of the processor's own limit. */
  retry(
    id: string,
    from?: 'checkpoint' | 'start',
    changes?: { readonly memoryBytes?: number | undefined },
  ): Promise<JobView>
  /** Deletes an ended job with everything it made; one that is gone already is 'job-not-found'. */
  remove(id: string): Promise<void>
  /** Why it waited before its first start. */
  waits(id: string): Promise<JobWaits>
  /** Many jobs of one processor, submitted, watched, retried and fetched together. */
  readonly batches: Batches
  /** Functions that the operator lists, called by name. */
  readonly callables: Callables
  /** Remote operations on assets named by URLs. */
  readonly operations: Operations
  /** Why no earlier result was used for it, by what differed. */
  cache(id: string): Promise<JobCache>
  /** What an operator sees and does; where keys are used, theirs must be an admin's. */
  readonly operator: Operator
  /** The text that an attempt wrote, the newest unless said otherwise; `fromByte` skips what was read before. */
  logs(
    id: string,
    options?: {
      attempt?: number | undefined
      fromByte?: number | undefined
      signal?: AbortSignal | undefined
    },
  ): AsyncGenerator<Uint8Array>
  outputs(id: string): Promise<readonly JobOutput[]>
  download(
    output: Pick<JobOutput, 'name' | 'url' | 'size_bytes' | 'sha256'>,
    sink: DownloadSink,
    options?: DownloadOptions,
  ): Promise<Downloaded>
  /** Every change until the job has ended; see JobUpdate. */
  follow(id: string, options?: FollowOptions): AsyncGenerator<JobUpdate, JobView>
  /** Resolves with the job when it has ended, however it ended. */
  waitForJob(id: string, options?: FollowOptions): Promise<JobView>
}

/**
 * @example
 * const client = createClient({ url: 'http://127.0.0.1:8000' })
 * const job = await client.submit('thumbnail', { image: fileInput.files[0], width: 128 })
 * const done = await client.waitForJob(job.job_id)
 */
export function createClient(options: ClientOptions = {}): Client {
  const connection = openConnection({ ...options, url: options.url ?? 'http://127.0.0.1:8000' })
  const newHasher = options.newHasher ?? sha256
  const jobPath = (id: string): string => `/jobs/${encodeURIComponent(id)}`
  const processorPath = (name: string): string => `/processors/${encodeURIComponent(name)}`

  const submit: Client['submit'] = (processor, input, request) =>
    submitJob(connection, processor, input, { memory: options.uploadMemory, newHasher, ...request })

  const jobs: Client['jobs'] = (query = {}) =>
    connection.read(jobList, '/jobs', {
      query: {
        view: 'native',
        status: query.status?.join(',') || undefined,
        tag: query.tag?.join(',') || undefined,
        processor: query.processor,
        owner: query.owner,
        limit: query.limit,
        cursor: query.cursor,
      },
    })

  async function* allJobs(query: Omit<JobsQuery, 'cursor'> = {}): AsyncGenerator<JobView> {
    let cursor: string | undefined
    do {
      const page = await jobs({ ...query, cursor })
      yield* page.jobs
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
  }

  const logs: Client['logs'] = async function* (id, { attempt, fromByte = 0, signal } = {}) {
    const response = await connection.send(`${jobPath(id)}/logs`, {
      query: { attempt },
      headers: fromByte > 0 ? { range: `bytes=${fromByte}-` } : {},
      signal,
    })
    let skip = response.status === 206 ? 0 : fromByte
    for await (const chunk of response.body ?? []) {
      const bytes = chunk as Uint8Array
      if (skip < bytes.length) yield bytes.subarray(skip)
      skip = Math.max(0, skip - bytes.length)
    }
  }

  const follow: Client['follow'] = (id, request) => followJob(connection, id, request)
  const client: Client = {
    url: connection.url,
    health: () => connection.read(health, '/health'),
    typed: <P extends AnyProcessor>(name: NameOf<P>) => openProcessor<P>(client, name),
    call: (processor, action, input, request) =>
      callAction(
        connection,
        `${processorPath(processor)}/actions/${encodeURIComponent(action)}`,
        input,
        request,
      ),
    submit,
    jobs,
    allJobs,
    remove: async (id) => {
      // Not repeated: a second try would find nothing, and call the first one's success a mistake.
      await connection.send(jobPath(id), { method: 'DELETE', repeatable: false })
    },
    waits: (id) => connection.read(jobWaits, `${jobPath(id)}/waits`),
    batches: openBatches(connection),
    callables: openCallables(connection),
    operations: openOperations(connection),
    cache: (id) => connection.read(jobCache, `${jobPath(id)}/cache`),
    operator: openOperator(connection),
    logs,
    follow,
    processors: async () => (await connection.read(processorList, '/processors')).processors,
    processor: (name) => connection.read(processorView, processorPath(name)),
    upload: (source, request) =>
      uploadSource(connection, source, { memory: options.uploadMemory, newHasher, ...request }),
    uploadStatus: (id) => connection.read(uploadView, `/uploads/${encodeURIComponent(id)}`),
    abortUpload: async (id) => {
      await connection.send(`/uploads/${encodeURIComponent(id)}`, {
        method: 'DELETE',
        repeatable: false, // a second try would find nothing
      })
    },
    job: (id) => readJob(connection, id),
    cancel: (id) =>
      connection.read(jobView, `${jobPath(id)}/cancel`, {
        method: 'POST',
        query: { view: 'native' },
      }),
    retry: (id, from, { memoryBytes } = {}) =>
      connection.read(jobView, `${jobPath(id)}/retry`, {
        method: 'POST',
        query: { view: 'native' },
        json: {
          ...(from === undefined ? {} : { from }),
          ...(memoryBytes === undefined ? {} : { memory_bytes: memoryBytes }),
        },
        repeatable: false, // a second try would find the job queued, and call the first one's success a conflict
      }),
    outputs: async (id) => (await readJob(connection, id)).outputs,
    download: (output, sink, request) =>
      downloadOutput(connection, output, sink, newHasher, request),
    waitForJob: async (id, request) => {
      let newest: JobView | undefined
      for await (const { job } of follow(id, request)) newest = job
      if (newest === undefined) throw new UnreachableError(connection.url, 1, undefined)
      return newest
    },
  }
  return client
}
