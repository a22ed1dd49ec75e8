import type {
  largeUploadCompleted,
  largeUploadResume,
  largeUploadStarted,
  largeUploadStatus,
  PortalUpload,
  portalUploadList,
  PortalUploadStarted,
  PortalUploadStatus,
  UploadSource,
} from '@longhaul/protocol'
import type { ByteSource } from '../../byte-source.ts'
import type { Schema } from '../../connection.ts'
import type { DatasetFields } from './dataset.ts'
import type { SendOptions, SentInChunks } from './send-large.ts'

type Of<S> = S extends Schema<infer T> ? T : never
type Known = Readonly<Record<string, unknown>>
/** `upload_type` says how it went; `job_id` is what `getUploadStatus` takes. */
export type Sent = PortalUploadStarted | SentInChunks

export interface GoogleDriveFile {
  readonly fileId: string
  /** Its content, or what the operator calls it. */
  readonly serviceAccountFile: string | object
  readonly [more: string]: unknown
}
export interface S3Object {
  readonly bucketName: string
  readonly objectKey: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly [more: string]: unknown
}
export interface WaitForUpload {
  /** @default an hour */
  readonly timeoutMs?: number | undefined
  /** @default 2 s */
  readonly pollMs?: number | undefined
  readonly onProgress?: ((seen: PortalUpload) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** The methods of system E's clients under their names. Files of a disk: `withFiles` of `@longhaul/client/node`. */
export interface PortalUploads {
  /** The way is chosen by size: one form up to 100 MiB, above it chunks that can go on. */
  uploadFile(source: ByteSource, dataset: DatasetFields, options?: SendOptions): Promise<Sent>
  /** A file that the service can see, below a folder that its operator lists. */
  uploadFileByPath(
    path: string,
    dataset: DatasetFields,
    originalFilename?: string,
  ): Promise<PortalUploadStarted>
  /** In chunks, one after another. */
  uploadFileChunked(
    source: ByteSource,
    dataset: DatasetFields,
    options?: SendOptions,
  ): Promise<SentInChunks>
  /** In chunks, several at once. */
  uploadFileParallel(
    source: ByteSource,
    dataset: DatasetFields,
    options?: SendOptions,
  ): Promise<SentInChunks>
  initiateGoogleDriveUpload(
    file: GoogleDriveFile,
    dataset: DatasetFields,
  ): Promise<PortalUploadStarted>
  initiateS3Upload(object: S3Object, dataset: DatasetFields): Promise<PortalUploadStarted>
  initiateUrlUpload(url: string, dataset: DatasetFields, more?: Known): Promise<PortalUploadStarted>
  uploadFromSource(
    type: UploadSource,
    config: Known,
    dataset: DatasetFields,
  ): Promise<PortalUploadStarted>
  getUploadStatus(id: string): Promise<PortalUpload>
  /** An upload, an import, or chunks that have not been completed. */
  cancelUpload(id: string): Promise<void>
  listUploadJobs(query: {
    readonly userEmail: string
    readonly status?: PortalUploadStatus | undefined
    readonly limit?: number | undefined
    readonly offset?: number | undefined
  }): Promise<Of<typeof portalUploadList>>
  getSupportedSources(): Promise<Known>
  getUploadLimits(): Promise<Known>
  estimateUploadTime(type: UploadSource, megabytes: number): Promise<Known>
  /** Resolves however it ended; JobTimeoutError when it has not. */
  waitForCompletion(id: string, how?: WaitForUpload): Promise<PortalUpload>
  /** SHA-256, hex. */
  calculateFileHash(source: ByteSource): Promise<string>
  initiateLargeUpload(
    file: { readonly filename: string; readonly fileSize: number; readonly fileHash: string },
    dataset: DatasetFields,
  ): Promise<Of<typeof largeUploadStarted>>
  /** Index from 0; `chunkBytes` is what the start answered as `chunk_size`. */
  uploadChunk(
    uploadId: string,
    index: number,
    source: ByteSource,
    chunkBytes: number,
  ): Promise<void>
  getChunkStatus(uploadId: string): Promise<Of<typeof largeUploadStatus>>
  getResumeInfo(uploadId: string): Promise<Of<typeof largeUploadResume>>
  completeUpload(uploadId: string): Promise<Of<typeof largeUploadCompleted>>
}

/** An object of whatever it has. */
export const anything: Schema<Known> = {
  safeParse: (value) =>
    typeof value === 'object' && value !== null
      ? { success: true, data: value as Known }
      : { success: false, error: { issues: [{ path: [], message: 'not an object' }] } },
}
