import {
  jobList,
  jobView,
  jobWaits,
  processorList,
  processorView,
  type FileReference,
  type JobList,
  type JobOutput,
  type JobStatus,
  type JobView,
  type JobWaits,
  type ProcessorSummary,
  type ProcessorView,
} from '@longhaul/protocol'
import { openConnection, type ConnectionOptions } from './connection.ts'
import {
  downloadOutput,
  type Downloaded,
  type DownloadOptions,
  type DownloadSink,
} from './download-output.ts'
import { UnreachableError } from './errors.ts'
import { followJob, readJob, type FollowOptions, type JobUpdate } from './follow-job.ts'
import { openOperator, type Operator } from './operator.ts'
import { sha256, type Hasher } from './sha256.ts'
import {
  uploadSource,
  type ByteSource,
  type Uploaded,
  type UploadOptions,
} from './upload-source.ts'

export interface ClientOptions extends Omit<ConnectionOptions, 'url'> {
  /** @default http://127.0.0.1:8000 */
  readonly url?: string | undefined
  /** A faster SHA-256 than the built-in one: `nodeSha256` of `@longhaul/client/node`. */
  readonly newHasher?: (() => Hasher) | undefined
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
/** What a submission's input may hold: JSON, and files still to be uploaded. */
export type InputValue =
  ByteSource | readonly ByteSource[] | FileReference | readonly FileReference[] | Json
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
}
export interface JobsQuery {
  readonly status?: readonly JobStatus[] | undefined
  readonly processor?: string | undefined
  /** Of this owner, for a key that sees more than its own. */
  readonly owner?: string | undefined
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
}

/** One longhaul service. Needs nothing but `fetch`: the same in Node and in a browser. */
export interface Client {
  readonly url: string
  processors(): Promise<readonly ProcessorSummary[]>
  processor(name: string): Promise<ProcessorView>
  /** Uploads the files in `input`, then submits. */
  submit(
    processor: string,
    input: Readonly<Record<string, InputValue>>,
    options?: SubmitOptions,
  ): Promise<JobView>
  upload(source: ByteSource, options?: UploadOptions): Promise<Uploaded>
  job(id: string): Promise<JobView>
  /** One page, newest first; `next` is the following page's `cursor`. */
  jobs(query?: JobsQuery): Promise<JobList>
  /** Every page, one job at a time. */
  allJobs(query?: Omit<JobsQuery, 'cursor'>): AsyncGenerator<JobView>
  /** Idempotent; a job that has ended otherwise is 'job-finished'. */
  cancel(id: string): Promise<JobView>
  retry(id: string, from?: 'checkpoint' | 'start'): Promise<JobView>
  /** Deletes an ended job with everything it made; one that is gone already is 'job-not-found'. */
  remove(id: string): Promise<void>
  /** Why it waited before its first start. */
  waits(id: string): Promise<JobWaits>
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

  const submit: Client['submit'] = async (processor, input, request = {}) => {
    const sources = sourcesOf(input)
    const progress = sharedProgress(sources, request.onProgress)
    const fields: Record<string, unknown> = { ...input }
    for (const [field, value] of Object.entries(input)) {
      if (!holdsSources(value)) continue
      const references: { upload_id: string }[] = []
      for (const source of [value].flat()) {
        const uploaded = await uploadSource(connection, source, {
          ...request,
          onProgress: progress(source),
        })
        references.push({ upload_id: uploaded.uploadId })
      }
      fields[field] = Array.isArray(value) ? references : references[0]
    }
    return connection.read(jobView, `${processorPath(processor)}/jobs`, {
      method: 'POST',
      headers: { 'idempotency-key': request.idempotencyKey ?? crypto.randomUUID() },
      json: {
        input: fields,
        // JSON leaves out what is undefined.
        priority: request.priority,
        timeout_seconds: request.timeoutSeconds,
        delay_seconds: request.delaySeconds,
        expires_in_seconds: request.expiresInSeconds,
        depends_on: request.dependsOn,
        on_dependency: request.onDependency,
      },
      signal: request.signal,
    })
  }

  const jobs: Client['jobs'] = (query = {}) =>
    connection.read(jobList, '/jobs', {
      query: {
        view: 'native',
        status: query.status?.join(',') || undefined,
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
  return {
    url: connection.url,
    submit,
    jobs,
    allJobs,
    remove: async (id) => {
      // Not repeated: a second try would find nothing, and call the first one's success a mistake.
      await connection.send(jobPath(id), { method: 'DELETE', repeatable: false })
    },
    waits: (id) => connection.read(jobWaits, `${jobPath(id)}/waits`),
    operator: openOperator(connection),
    logs,
    follow,
    processors: async () => (await connection.read(processorList, '/processors')).processors,
    processor: (name) => connection.read(processorView, processorPath(name)),
    upload: (source, request) => uploadSource(connection, source, request),
    job: (id) => readJob(connection, id),
    cancel: (id) =>
      connection.read(jobView, `${jobPath(id)}/cancel`, {
        method: 'POST',
        query: { view: 'native' },
      }),
    retry: (id, from) =>
      connection.read(jobView, `${jobPath(id)}/retry`, {
        method: 'POST',
        query: { view: 'native' },
        json: from === undefined ? {} : { from },
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
}

const isSource = (value: unknown): value is ByteSource =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as ByteSource).slice === 'function' &&
  'size' in value
const holdsSources = (value: unknown): value is ByteSource | readonly ByteSource[] =>
  isSource(value) || (Array.isArray(value) && value.length > 0 && value.every(isSource))
const sourcesOf = (input: Readonly<Record<string, InputValue>>): readonly ByteSource[] =>
  Object.values(input).flatMap((value) => (holdsSources(value) ? [value].flat() : []))

/** One bar over all files of a submission. */
function sharedProgress(
  sources: readonly ByteSource[],
  report: SubmitOptions['onProgress'],
): (source: ByteSource) => UploadOptions['onProgress'] {
  const total = sources.reduce((sum, { size }) => sum + size, 0)
  const sent = new Map<ByteSource, number>()
  return (source) =>
    report &&
    ((bytes) => {
      sent.set(source, bytes)
      report(
        [...sent.values()].reduce((sum, each) => sum + each, 0),
        total,
      )
    })
}
