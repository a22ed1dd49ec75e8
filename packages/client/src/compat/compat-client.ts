import {
  health,
  ingestCompleted,
  ingestStarted,
  manifestSubmitted,
  outputList,
  systemAJob,
  type Health,
  type IngestComplete,
  type IngestCompleted,
  type IngestStart,
  type IngestStarted,
  type JobOutput,
  type ManifestSubmitted,
  type OperationResults,
  type OperationsStarted,
  type SystemAJob,
} from '@longhaul/protocol'
import type { ByteSource } from '../byte-source.ts'
import { openConnection, type ConnectionOptions } from '../connection.ts'
import { downloadOutput, type Downloaded, type DownloadSink } from '../download-output.ts'
import { openOperations, type AssetOptions } from '../operations.ts'
import { sha256, type Hasher } from '../sha256.ts'
import type { UploadMemory } from '../upload-memory.ts'
import { toBin, type BinFiles } from './bin-files.ts'
import { allInOldWords, DownloadError, inOldWords } from './errors.ts'
import { binsStarted } from './ingest-answers.ts'
import { openPortal } from './portal/portal.ts'
import type { PortalUploads } from './portal/portal-uploads.ts'
import { sendBins, sendFiles, type Bin, type IngestOptions } from './send-ingest.ts'
import { readOldJob, waitForJob, type WaitOptions } from './wait-for-job.ts'

export interface CompatOptions extends Omit<ConnectionOptions, 'url'> {
  /** Of the service, or of one of its processors: `…/processors/NAME`. @default http://127.0.0.1:8000 */
  readonly url?: string | undefined
  /** In whose words files are uploaded: in bins where it is B. @default A */
  readonly system?: 'A' | 'B' | undefined
  readonly newHasher?: (() => Hasher) | undefined
  /** Lets uploads in chunks go on after a program was killed. */
  readonly uploadMemory?: UploadMemory | undefined
}
export interface ManifestRequest {
  readonly manifestUri?: string | undefined
  /** `{ files: ['s3://…'] }`, or `{ bins: […] }` for system B. */
  readonly manifestInline?: object | undefined
  readonly parameters?: Readonly<Record<string, unknown>> | undefined
  readonly callbackUrl?: string | undefined
  readonly idempotencyKey?: string | undefined
  readonly processor?: string | undefined
}
export interface BinsStart {
  readonly bins: readonly {
    readonly bin_id: string
    readonly files: IngestStart['files']
  }[]
}
export type BinsStarted = Omit<IngestStarted, 'files'> & {
  readonly bins: readonly { readonly bin_id: string; readonly files: IngestStarted['files'] }[]
}

/** What the clients of systems A, B, C and E could do, in their words; on disk files: `withFiles` of `@longhaul/client/node`. */
export interface CompatClient extends PortalUploads {
  readonly url: string
  health(): Promise<Health>
  /** Exactly one of the two manifests. */
  submitJob(request: ManifestRequest): Promise<ManifestSubmitted>
  getJob(id: string): Promise<SystemAJob>
  /** Newest first, at most 100. */
  listJobs(limit?: number): Promise<readonly SystemAJob[]>
  /** Resolves with the completed job; else JobFailedError or JobTimeoutError. */
  waitForJob(id: string, options?: WaitOptions): Promise<SystemAJob>
  cancelJob(id: string): Promise<SystemAJob>
  startIngest(request: IngestStart): Promise<IngestStarted>
  startIngest(request: BinsStart): Promise<BinsStarted>
  completeIngest(request: IngestComplete & { readonly bin_id?: string }): Promise<IngestCompleted>
  /** Gives up an ingest that has not become a job. */
  abortIngest(jobId: string): Promise<void>
  /** The whole upload of files that become one job; answers its id. */
  uploadFiles(files: readonly ByteSource[], options?: IngestOptions): Promise<string>
  uploadBin(binId: string, files: BinFiles, options?: IngestOptions): Promise<string>
  /** One job for all. */
  uploadBins(
    bins: Readonly<Record<string, BinFiles>>,
    options?: IngestOptions & { readonly requiredExtensions?: readonly string[] | undefined },
  ): Promise<string>
  /** What a completed job made, each with the URI that its result names. */
  outputs(jobId: string): Promise<readonly JobOutput[]>
  download(output: JobOutput, sink: DownloadSink): Promise<Downloaded>
  /** System C: a job for each asset; the URL is that of the service itself. */
  startOperations(
    operations: string,
    assetUrls: readonly string[],
    options?: AssetOptions,
  ): Promise<OperationsStarted>
  getOperationResults(operations: string, flowIds: readonly string[]): Promise<OperationResults>
}

/**
 * @example
 * const client = createCompatClient({ url: 'http://127.0.0.1:8000/processors/count' })
 * const job = await client.waitForJob(await client.uploadFiles(fileInput.files))
 */
export function createCompatClient(options: CompatOptions = {}): CompatClient {
  const connection = openConnection({ ...options, url: options.url ?? 'http://127.0.0.1:8000' })
  const newHasher = options.newHasher ?? sha256
  const post = { method: 'POST', repeatable: false } as const
  const jobPath = (id: string): string => `/jobs/${encodeURIComponent(id)}`

  const sendInWords = (bins: readonly Bin[], how?: IngestOptions): Promise<string> =>
    options.system === 'B'
      ? sendBins(connection, bins, how)
      : sendFiles(
          connection,
          bins.flatMap(({ files }) => files),
          how,
        )
  const uploadBins: CompatClient['uploadBins'] = async (bins, how) => {
    const all = Object.entries(bins).map(([id, files]) => toBin(id, files, how?.requiredExtensions))
    return inOldWords(sendInWords(all, how))
  }
  // Which answer it is follows from the request; the schemas tell the same apart.
  const startIngest = (request: IngestStart | BinsStart): Promise<never> =>
    inOldWords<unknown>(
      'bins' in request
        ? connection.read(binsStarted, '/ingest/start', { ...post, json: request })
        : connection.read(ingestStarted, '/ingest/start', { ...post, json: request }),
    ) as Promise<never>

  const operations = openOperations(connection)
  return {
    ...allInOldWords(openPortal({ connection, memory: options.uploadMemory, newHasher })),
    url: connection.url,
    startOperations: (...request) => inOldWords(operations.start(...request)),
    getOperationResults: (...request) => inOldWords(operations.results(...request)),
    startIngest,
    uploadBins,
    health: () => inOldWords(connection.read(health, '/health')),
    submitJob: async (request) => {
      const { manifestUri, manifestInline, idempotencyKey } = request
      if ((manifestUri === undefined) === (manifestInline === undefined))
        throw new TypeError('submitJob takes manifestUri or manifestInline, one of the two')
      return inOldWords(
        connection.read(manifestSubmitted, '/jobs', {
          method: 'POST',
          json: {
            manifest_uri: manifestUri,
            manifest_inline: manifestInline,
            parameters: request.parameters,
            callback_url: request.callbackUrl,
            idempotency_key: idempotencyKey,
            processor: request.processor,
          },
          // A name makes the second try the same job.
          headers: { 'idempotency-key': idempotencyKey ?? crypto.randomUUID() },
        }),
      )
    },
    getJob: (id) => inOldWords(readOldJob(connection, id)),
    listJobs: (limit = 50) =>
      inOldWords(connection.read(systemAJob.array(), '/jobs', { query: { limit } })),
    waitForJob: (id, how = {}) => inOldWords(waitForJob(connection, id, how)),
    cancelJob: (id) =>
      inOldWords(connection.read(systemAJob, `${jobPath(id)}/cancel`, { method: 'POST' })),
    completeIngest: (request) =>
      inOldWords(
        connection.read(ingestCompleted, '/ingest/complete', { method: 'POST', json: request }),
      ),
    abortIngest: async (jobId) => {
      await inOldWords(
        connection.send('/ingest/abort', { method: 'POST', json: { job_id: jobId } }),
      )
    },
    uploadFiles: (files, how) => inOldWords(sendFiles(connection, files, how)),
    uploadBin: (binId, files, how) => uploadBins({ [binId]: files }, how),
    outputs: async (jobId) =>
      (await inOldWords(connection.read(outputList, `${jobPath(jobId)}/outputs`))).outputs,
    download: (output, sink) =>
      inOldWords(downloadOutput(connection, output, sink, newHasher), DownloadError),
  }
}
