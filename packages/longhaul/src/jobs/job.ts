import type { Problem } from '@longhaul/protocol'
import type { Json, JsonObject } from '../support/json.ts'

export type JobId = string
export type WorkerId = string

/** Canonical states. Cancelling, blocked and publishing are not states: see engine.md §4. */
export type JobState =
  'queued' | 'running' | 'retry_wait' | 'paused' | 'completed' | 'failed' | 'cancelled'
export type JobKind = 'batch' | 'processor' | 'callable' | 'operation' | 'upload' | 'typed'
export type Priority = 1 | 2 | 3

/** Why a job that is queued does not run. The first that holds, in this order of the words, is the reason. */
export type WaitReason =
  'dependency' | 'delayed' | 'paused' | 'disk' | 'rate-limit' | 'owner-share' | 'slots'

/** A file that a job reads: an object of the store or a file below an allowed root. */
export interface FileRef {
  readonly uri: string
  readonly name: string
  readonly size?: number
  readonly sha256?: string
  readonly mediaType?: string
  /** System B: which of the job's files belong together. */
  readonly bin?: string
}

/** Files that belong together, as they came over the wire. `sha256` is of their bytes one after the other. */
export interface Bin {
  readonly bin_id: string
  readonly files: readonly string[]
  readonly bytes: number
  readonly sha256?: string | null
}

export type Manifest =
  | { readonly uri: string }
  | { readonly files: readonly string[] }
  | { readonly bins: readonly Bin[] }

/** What was submitted. File fields of `input` hold a FileRef, or an array of them. */
export interface JobParams {
  readonly input: JsonObject
  /** Systems A and B: files that fill the processor's only file input; resolved when the job runs. */
  readonly manifest?: Manifest
  /** Whose words a job of kind `batch` is told in. @default system A's */
  readonly family?: 'B'
  readonly callbackUrl?: string
  /** What it can be found by. */
  readonly tags?: readonly string[]
  /** What a retry gave its attempts, instead of the processor's own limit. */
  readonly memoryBytes?: number
  /** Of a batch's item: whether an earlier result of the same may stand for its own. @default what the processor says */
  readonly reuse?: boolean
  /** What its batch calls it. */
  readonly item?: { readonly name: string }
}

/** Newest only; replaces the one before. `detail` carries whatever else the processor said. */
export interface Progress {
  readonly stage?: string
  readonly percent?: number
  readonly message?: string
  readonly done?: number
  readonly total?: number
  readonly ratePerSecond?: number
  readonly etaSeconds?: number
  readonly detail?: JsonObject
}

/** An output that lies in storage. */
export interface JobOutput {
  /** Field of the processor's output schema it belongs to, when it has one. */
  readonly field?: string
  readonly name: string
  readonly key: string
  readonly uri: string
  readonly size: number
  readonly sha256: string
  readonly mediaType: string
  /** Records or members in it, where its writer counts them. */
  readonly items?: number
}

/** An output whose bytes are all in an open multipart upload to its final key; completing it publishes it. */
export interface PendingOutput extends JobOutput {
  readonly uploadId: string
  readonly parts: readonly {
    readonly partNumber: number
    readonly etag: string
    readonly size: number
  }[]
}

export interface JobResult {
  readonly value: Json
  readonly outputs: readonly JobOutput[]
}

/** The canonical record. Times are epoch milliseconds of the database's clock. */
export interface Job {
  readonly id: JobId
  readonly seq: number
  readonly queue: string
  readonly processor: string
  readonly version: string
  readonly kind: JobKind
  readonly owner: string
  readonly state: JobState
  readonly priority: Priority
  readonly params: JobParams
  readonly idempotencyKey?: string
  readonly batch?: { readonly id: string; readonly item: number }
  readonly attempt: number
  readonly failures: number
  readonly lost: number
  readonly maxFailures: number
  readonly timeoutMs?: number
  readonly runAfter: number
  readonly worker?: WorkerId
  readonly leaseExpiresAt?: number
  /** While queued, or waiting for a retry. `position`: jobs of its owner and queue ahead of it, up to 1,000. */
  readonly waiting?: {
    readonly reason: WaitReason
    readonly position: number
    readonly since: number
  }
  readonly dependsOn?: readonly JobId[]
  readonly expiresAt?: number
  /** While running: when it last gave a sign of life, if that was long ago. */
  readonly silentSince?: number
  readonly checkpointAt?: number
  readonly cancelRequestedAt?: number
  readonly publishing: boolean
  readonly progress?: Progress & { readonly updatedAt: number }
  readonly result?: JobResult
  readonly problem?: Problem
  readonly createdAt: number
  readonly startedAt?: number
  readonly completedAt?: number
  readonly updatedAt: number
  /** Number of the newest event. */
  readonly eventNo: number
}

export const isTerminal = (state: JobState): boolean =>
  state === 'completed' || state === 'failed' || state === 'cancelled'

/** Where the log of an attempt lies in the store, for those on other hosts. */
export const attemptLogKey = (id: JobId, attempt: number): string =>
  `jobs/${id}/logs/${attempt}.log`
