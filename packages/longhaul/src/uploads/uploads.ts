import type { FileRef, JobId } from '../jobs/job.ts'
import type { Write } from '../database/database.ts'
import type { Bytes } from '../storage/index.ts'

/**
 * Upload sessions: one store behind `/uploads` and `/ingest`. A session is one file in a multipart upload; an ingest is
 * several sessions that share a job id. Bytes go to `<datasetsPrefix>/<job or upload id>/<filename>`.
 */
export interface Uploads {
  /** Names are checked here: 'invalid-file-name', 'duplicate-file-name', 'upload-too-large', 'insufficient-storage'. */
  start(request: StartUploads): Promise<StartedUploads>
  /**
   * The bytes of one part, through the service. Replaces an earlier part of that number. Throws 'checksum-mismatch' for
   * another SHA-256 and 'invalid-part' for another length than the part has: nothing is kept then.
   */
  putPart(request: PutPart): Promise<ReceivedPart>
  /**
   * Bytes on from the end. Throws 'upload-offset-mismatch', which tells the end, before any is read. When the body breaks off,
   * what came is kept, and the error passed on; with a checksum or `whole` nothing of it is. 'body-too-large' beyond the
   * size. A newer call stops an older one of the same upload, whose error has the fact `taken_over`.
   */
  append(request: AppendUpload): Promise<Appended>
  /** Where to go on; whoever still appends is stopped first. 'upload-not-found', 'upload-expired'. */
  offsetOf(request: {
    readonly owner: string | 'everyone'
    readonly uploadId: string
  }): Promise<UploadOffset>
  /** Of one that was started without. The same again is no error, another is 'upload-mismatch'. */
  declareSize(request: {
    readonly owner: string | 'everyone'
    readonly uploadId: string
    readonly sizeBytes: number
  }): Promise<void>
  /** A new upload, complete, of others that are: without a second copy of the bytes where the store can. 'upload-incomplete'. */
  concatenate(request: ConcatenateUploads): Promise<CompletedUpload>
  /** Idempotent; another SHA-256 than `sha256`: 'checksum-mismatch'; other parts after success: 'upload-complete'; missing or short parts: 'upload-incomplete' naming them. */
  complete(request: CompleteUpload): Promise<CompletedUpload>
  /** The object of a completed upload; throws 'upload-not-found', 'upload-incomplete'. */
  fileOf(uploadId: string, owner: string | 'everyone'): Promise<FileRef>
  /** The same of many, without those that cannot be used. */
  filesOf(
    uploadIds: readonly string[],
    owner: string | 'everyone',
  ): Promise<ReadonlyMap<string, FileRef>>
  /** Whose upload makes, or made, the object of this key. */
  ownerOf(key: string): Promise<string | undefined>
  /** With a base URL: also fresh URLs of what is missing, and the session lives longer. 'upload-not-found', 'upload-expired'. */
  get(
    uploadId: string,
    owner: string | 'everyone',
    options?: { readonly baseUrl: string },
  ): Promise<UploadView>
  /** Every file of an ingest, in its order. A base URL, as above. 'upload-not-found', 'upload-expired'. */
  ofIngest(
    jobId: JobId,
    owner: string | 'everyone',
    options?: { readonly baseUrl: string },
  ): Promise<readonly IngestFile[]>
  /** Ends an ingest that has not become a job; again, it is no error. 'upload-not-found', 'upload-complete'. */
  abortIngest(jobId: JobId, owner: string | 'everyone'): Promise<void>
  /** Ends an incomplete session, with the whole ingest it belongs to. 'upload-not-found', 'upload-complete'. */
  abort(uploadId: string, owner: string | 'everyone'): Promise<void>
  /**
   * Throws 'insufficient-storage' when so many bytes more would leave too little free beside what open uploads announced.
   * `promised`: they are of such an upload.
   */
  checkRoom(bytes: number, options?: { readonly promised?: boolean }): Promise<void>
  /** A part has arrived: its session lives longer. */
  partReceived(storeUploadId: string): Promise<void>
  /** Sessions whose time is over and that are not complete: aborts them, and what a crash left of others. */
  expire(): Promise<number>
}

export interface StartUploads {
  readonly owner: string
  /** An ingest: the id the job will have. Absent: uploads that start no job. */
  readonly jobId?: JobId
  /** Ingest only: who processes it. */
  readonly processor?: string
  readonly files: readonly {
    /** System B: which files belong together; a folder of their keys. */
    readonly bin?: string
    readonly filename: string
    /** Absent: it grows by `append` until `declareSize`. */
    readonly sizeBytes?: number
    readonly mediaType?: string
    /** Of the whole, hex; compared at completion. */
    readonly sha256?: string
    /** Of the front door, which gets it back. At most 16 KiB. */
    readonly note?: string
    /** Only material for `concatenate`: no job's input, and gone in time although complete. */
    readonly partial?: boolean
    /** It will be appended to: no URLs are signed. Without a size, and of partial ones, always. */
    readonly appended?: boolean
  }[]
  readonly partBytes: number
  readonly baseUrl: string
}
export interface StartedUploads {
  readonly files: readonly {
    /** Session id; also the ingest's `file_id`. */
    readonly fileId: string
    /** The store's multipart id; `/ingest` calls it upload_id. */
    readonly storeUploadId: string
    readonly bin?: string
    readonly filename: string
    readonly key: string
    /** 0 as long as it is not known. */
    readonly sizeBytes: number
    readonly partBytes: number
    readonly partUrls: readonly { readonly partNumber: number; readonly url: string }[]
  }[]
  readonly expiresAt: Date
}
export interface PutPart {
  readonly owner: string | 'everyone'
  readonly uploadId: string
  /** From 1. */
  readonly partNumber: number
  readonly body: Bytes
  /** Hex. */
  readonly sha256?: string
  readonly signal?: AbortSignal
}
export interface ReceivedPart {
  readonly partNumber: number
  readonly etag: string
  readonly size: number
  /** Hex, where the store knows it. */
  readonly sha256?: string
}
export interface Checksum {
  readonly algorithm: 'sha1' | 'sha256' | 'md5' | 'crc32'
  /** Hex or Base64. */
  readonly value: string
}
export interface AppendUpload {
  readonly owner: string | 'everyone'
  readonly uploadId: string
  /** The end, as far as the caller knows. */
  readonly offset: number
  readonly body: Bytes
  /** Of these bytes: all of them count or none. */
  readonly checksum?: Checksum
  /** All of these bytes count or none. @default whether there is a checksum */
  readonly whole?: boolean
  readonly signal?: AbortSignal
}
export interface Appended {
  /** The new end; everything before it is durable. */
  readonly offset: number
  /** Nothing is missing: it can be completed. */
  readonly isComplete: boolean
}
export interface UploadOffset {
  readonly uploadId: string
  readonly offset: number
  /** Absent as long as it is not known. */
  readonly sizeBytes?: number
  readonly status: 'open' | 'completed'
  readonly expiresAt: Date
  readonly filename: string
  readonly mediaType?: string
  readonly note?: string
  /** Hex, of a complete one, where it is known. */
  readonly sha256?: string
  readonly isPartial: boolean
}
export interface ConcatenateUploads {
  readonly owner: string
  /** In this order; one may come more than once. */
  readonly uploadIds: readonly string[]
  readonly filename: string
  readonly mediaType?: string
  /** Of the whole, hex; all bytes are read for it. */
  readonly sha256?: string
  readonly note?: string
}
export interface CompleteUpload {
  readonly owner: string | 'everyone'
  readonly fileId: string
  /** Checked where given. */
  readonly jobId?: JobId
  /** With a job id: that of the file, or none for a file of none. */
  readonly bin?: string
  readonly storeUploadId?: string
  /** Of the whole, hex; where none was given at the start. */
  readonly sha256?: string
  /** Absent: the parts that the store has. */
  readonly parts?: readonly { readonly partNumber: number; readonly etag: string }[]
  /**
   * For an ingest: called when this completion is the last one, with every file in start order; submits the job with
   * `also` in the same transaction. Must be idempotent.
   */
  readonly submit?: (
    files: readonly FileRef[],
    processor: string | undefined,
    also: readonly Write[],
  ) => Promise<void>
}
export interface CompletedUpload {
  readonly fileId: string
  readonly key: string
  readonly uri: string
  readonly etag: string
  readonly sizeBytes: number
  /** Hex, where the store knows it. */
  readonly sha256?: string
}
export interface IngestFile extends UploadView {
  readonly bin?: string
  readonly key: string
  readonly storeUploadId: string
  /** The ingest has become a job. */
  readonly submitted: boolean
}
export interface UploadView {
  readonly uploadId: string
  readonly filename: string
  /** 0 as long as it is not known. */
  readonly sizeBytes: number
  readonly isGrowing: boolean
  readonly note?: string
  readonly partBytes: number
  readonly status: 'open' | 'completed'
  readonly uri: string
  readonly receivedBytes: number
  /** Those that are short count as missing. */
  readonly missingParts: readonly number[]
  /** Of the missing parts, when a base URL was given. */
  readonly partUrls?: readonly { readonly partNumber: number; readonly url: string }[]
  /** When an incomplete session is discarded; every part puts it off. */
  readonly expiresAt: Date
}
