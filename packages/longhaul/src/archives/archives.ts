import type { Write } from '../database/database.ts'
import type { JobId } from '../jobs/job.ts'

/**
 * Archives become the files that are in them: a durable job that longhaul itself carries out. All of an archive is checked
 * before anything of it is stored; one that breaks a rule leaves nothing behind.
 */
export interface Archives {
  /**
   * Throws 'upload-not-found', 'upload-incomplete', 'archive-unsupported' (told by the first bytes, not by the name),
   * 'idempotency-conflict'. The job fails with 'archive-refused' (facts: `reason`, `entry`), 'target-not-empty' or
   * 'insufficient-storage'; its result is an `Extracted`.
   */
  start(request: StartExtraction): Promise<{ readonly jobId: JobId; readonly created: boolean }>
  /** Removes what extractions left that ended otherwise than well, whoever ran them. Answers how many there were. */
  tidy(): Promise<number>
}

export interface StartExtraction {
  readonly owner: string
  /** A completed upload that this owner may use. */
  readonly upload: { readonly id: string; readonly of: string | 'everyone' }
  /** The files come below it; nothing may be there. @default `<datasets prefix>/<job id>`, which goes when the job goes */
  readonly into?: string
  /** @default a new one */
  readonly jobId?: JobId
  /** Commits with the job. */
  readonly also?: readonly Write[]
  readonly idempotencyKey?: string
  readonly tags?: readonly string[]
}

/** What a completed extraction answers. While it runs, progress counts bytes: first 'verifying', then 'extracting'. */
export interface Extracted {
  readonly format: ArchiveFormat
  /** Without a `/` at its end. */
  readonly prefix: string
  readonly entries: number
  readonly bytes: number
  /** The first thousand, in the order of the archive. */
  readonly files: readonly {
    readonly name: string
    readonly uri: string
    readonly size_bytes: number
    readonly sha256?: string
  }[]
  /** There are more. */
  readonly is_cut: boolean
}

export type ArchiveFormat = 'zip' | 'tar' | 'tar.gz' | 'tar.zst'

/** What an extraction may come to; settings of the operator. Bytes are those that really come out. */
export interface ArchiveLimits {
  /** @default 1,000,000 */
  readonly maxEntries: number
  /** @default 10 TB */
  readonly maxBytes: number
  /** @default 10 TB */
  readonly maxEntryBytes: number
  /** Bytes that come out for each that went in, once 10 MB have come out. @default 200 */
  readonly maxRatio: number
  /** Folders above a file, and the file. @default 32 */
  readonly maxDepth: number
}

/** The queue, and the processor's name, of extractions. */
export const extractionQueue = 'file_extraction'
