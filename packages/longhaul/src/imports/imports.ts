import type { Write } from '../database/database.ts'
import type { JobId } from '../jobs/job.ts'
import type { Json } from '../support/json.ts'

/**
 * Imports: files that longhaul fetches by itself from where somebody points. Each is a durable job of kind `upload` whose
 * bytes go through upload sessions, so that an attempt which dies leaves its parts to the next one. It is watched, cancelled
 * and removed like every job; deliberately absent: words of its own for that.
 *
 * While it runs, `job.progress` has `stage` (an ImportStage), `done` and `total` in bytes, `ratePerSecond`, `etaSeconds` and
 * `detail.current_file`. When it has completed, `job.result.value` is an ImportResult.
 */
export interface Imports {
  /**
   * Checks the request, seals what is secret in it, and submits the job; nothing is stored before. Throws 'invalid-request'
   * (422, with the place of each mistake), 'source-unsupported' (400), 'outbound-refused' (403), 'unavailable' where no
   * secret can be kept, and what submitting a job throws.
   */
  start(request: StartImport): Promise<{ readonly jobId: JobId; readonly created: boolean }>
  /** Every source that callers may name, the unsupported ones too. */
  readonly sources: readonly SourceDescription[]
  /** Deletes the secrets of imports that have ended and the parts of those that were cancelled. Answers how many ended. */
  tend(): Promise<number>
}

export interface StartImport {
  readonly owner: string
  /** Of the job. @default a new one */
  readonly jobId?: JobId
  /** One of `sources`. */
  readonly sourceType: string
  /** As system E has it: which keys, depends on the source. */
  readonly sourceConfig: unknown
  /** What the file is to be called. @default what the source calls it */
  readonly filename?: string
  /** Commits with the job, or not at all; not written when the job is there already. */
  readonly also?: readonly Write[]
  readonly idempotency?: { readonly key: string; readonly hash: string }
  readonly tags?: readonly string[]
  readonly priority?: 1 | 2 | 3
  /** Has passed the outbound guard. */
  readonly callbackUrl?: string
}

export interface SourceDescription {
  readonly type: string
  readonly supported: boolean
  /** Of `sourceConfig`. */
  readonly required: readonly string[]
  readonly optional: readonly string[]
}

export type ImportStage = 'initializing' | 'uploading' | 'processing' | 'verifying'

export interface ImportedFile {
  /** Relative, with the folders it lay in. */
  readonly name: string
  readonly uri: string
  readonly size_bytes: number
  /** Hex, where the store knows it. */
  readonly sha256?: string
  readonly media_type?: string
}
export interface ImportResult {
  readonly files: readonly ImportedFile[]
  /** Files of a folder that could not be had; the import of one file fails instead. */
  readonly errors: readonly { readonly name: string; readonly error: string }[]
  /** In place of files: the source is only registered. */
  readonly link?: string
}
/** What the processor gives is JSON. */
export type ImportResultJson = ImportResult & Json
