import type { Problem } from '@longhaul/protocol'
import type { Write } from '../database/database.ts'
import type { Json, JsonObject } from '../support/json.ts'
import type {
  Job,
  JobId,
  JobKind,
  JobParams,
  JobResult,
  JobState,
  PendingOutput,
  Priority,
  Progress,
  WaitReason,
  WorkerId,
} from './job.ts'

/**
 * The job engine: four contracts over one set of tables. Every method is one transaction and has committed when its
 * promise resolves. Only the database's clock is compared. Plain data in and out, so that the worker side can be spoken
 * over HTTP; deliberately absent: transactions, cursors, callbacks.
 */
export interface JobEngine extends JobStore, JobClaims, JobEvents, JobUpkeep {}

export type Scope = { readonly owner: string } | 'everyone'
export type Actor = { readonly scope: Scope; readonly reason?: string }

export interface NewJob {
  readonly id: JobId
  readonly queue: string
  readonly processor: string
  readonly version: string
  readonly kind: JobKind
  readonly owner: string
  readonly params: JobParams
  /** 1 is soonest, 3 last. @default 2 */
  readonly priority?: Priority
  /** Earliest start, from now. @default 0 */
  readonly delayMs?: number
  readonly idempotency?: { readonly key: string; readonly hash: string }
  /** Processor errors and timeouts until the job fails. @default 1 */
  readonly maxFailures?: number
  /** Deadline of one attempt, staging included. */
  readonly timeoutMs?: number
  /** Longest time to its first start, from now; then it fails 'expired'. */
  readonly expiresInMs?: number
  /** Jobs that must end before this one may start. All must be there; the owner's own. */
  readonly dependsOn?: readonly JobId[]
  /** `completed`: one that fails fails this job 'dependency-failed', one that is cancelled cancels it. `any`: how they end does not matter. @default 'completed' */
  readonly onDependency?: 'completed' | 'any'
  /** The batch that it is an item of, and its number there. */
  readonly batch?: { readonly id: string; readonly item: number }
}

/** `conflict`: the idempotency key belongs to another payload, or the id is taken. */
export type Submitted =
  | { readonly kind: 'created'; readonly job: Job }
  | { readonly kind: 'existing'; readonly job: Job }
  | { readonly kind: 'conflict'; readonly jobId: JobId; readonly over: 'idempotency-key' | 'id' }
export type CancelOutcome = {
  readonly id: JobId
  readonly kind: 'cancelled' | 'requested' | 'finished' | 'unknown'
  readonly state?: JobState
}
export type RetryOutcome = {
  readonly id: JobId
  readonly kind: 'retried' | 'not-finished' | 'unknown'
}

/** What a retry changes about a job; it stays so for all its later attempts. */
export interface RetryChanges {
  /** Memory limit of an attempt, instead of the processor's. */
  readonly memoryBytes?: number | undefined
}

export interface JobFilter {
  readonly scope: Scope
  readonly states?: readonly JobState[]
  readonly kinds?: readonly JobKind[]
  readonly processor?: string
  /** Jobs that have all of them. */
  readonly tags?: readonly string[]
}
/** Newest first. `before` is the seq of the last row of the page before; `offset` serves the older dialects. */
export interface Page {
  readonly limit: number
  readonly before?: number
  readonly offset?: number
}
export interface JobPage {
  readonly jobs: readonly Job[]
  readonly total: number
  readonly totalIsEstimate: boolean
  /** seq to pass as `before` for the next page. */
  readonly next?: number
}

/** The API's side. */
export interface JobStore {
  /** Answers in the order of `jobs`. `also` commits together with the rows, or not at all. */
  submit(jobs: readonly NewJob[], also?: readonly Write[]): Promise<readonly Submitted[]>
  /** Queued → cancelled at once; running → requested; idempotent. */
  requestCancel(ids: readonly JobId[], by: Actor): Promise<readonly CancelOutcome[]>
  /** Failed, cancelled or completed jobs queue again under the same id; failures and lost start at 0. */
  retry(
    ids: readonly JobId[],
    from: 'checkpoint' | 'start',
    scope?: Scope,
    changes?: RetryChanges,
  ): Promise<readonly RetryOutcome[]>
  /** Unknown ids and others' jobs are left out. */
  get(ids: readonly JobId[], scope: Scope): Promise<readonly Job[]>
  list(filter: JobFilter, page: Page): Promise<JobPage>
  /**
   * Why the job waited, from its creation to its first start (or until now, the last one open): without a gap or an
   * overlap, so their lengths sum to the wait. Undefined for unknown ids and others' jobs.
   */
  waits(id: JobId, scope: Scope): Promise<readonly WaitInterval[] | undefined>
  /** Whether `count` more jobs of this owner would be taken now; submit asks again. Throws 'queue-full'. */
  checkRoom(owner: string, count: number): Promise<void>
}

export interface WaitInterval {
  readonly reason: WaitReason
  readonly from: number
  /** Absent while it goes on. */
  readonly to?: number
}

/** A claim on one attempt. `attempt` is never reused, `nonce` is random: together they fence a zombie out. */
export interface Lease {
  readonly jobId: JobId
  readonly attempt: number
  readonly nonce: string
}
export type Claim =
  | {
      readonly resume: 'run'
      readonly lease: Lease
      readonly job: Job
      readonly checkpoint?: Checkpoint
    }
  | {
      readonly resume: 'publish'
      readonly lease: Lease
      readonly job: Job
      readonly result: Json
      readonly outputs: readonly PendingOutput[]
      readonly provenance?: string
    }
export type Verdict = 'held' | 'cancel' | 'deadline' | 'lost'

export interface Checkpoint {
  readonly version: string
  readonly state: Json
  readonly files: readonly {
    readonly path: string
    readonly key: string
    readonly sha256: string
    readonly size: number
  }[]
  /** State of the writers of records and shards; their unfinished files are among `files`. */
  readonly writers: readonly JsonObject[]
  /** Outputs given away before it: their uploads stay open and belong to the job. */
  readonly outputs: readonly PendingOutput[]
}

/** `publishing` keeps the lease and records what to publish; every other outcome gives the lease up. */
export type Outcome =
  | {
      readonly kind: 'publishing'
      readonly result: Json
      readonly outputs: readonly PendingOutput[]
      /** JSON: where the outputs came from, as it is to lie beside them. */
      readonly provenance?: string
    }
  | { readonly kind: 'completed'; readonly result: JobResult }
  /** `policy`: failures + 1, then retry_wait with backoff while failures < maxFailures. `lost`: counts as lost, no backoff. */
  | {
      readonly kind: 'failed'
      readonly problem: Problem
      readonly retry: 'never' | 'policy' | 'lost' | { readonly afterMs: number }
    }
  | { readonly kind: 'cancelled' }

export interface AttemptUsage {
  readonly cpuMs?: number
  readonly peakRssBytes?: number
  readonly logKey?: string
}

/** What a worker asks of a queue. */
export interface Want {
  readonly queue: string
  readonly slots: number
}
/** What an attempt came to. `also` commits with it, or not at all. */
export interface Settlement {
  readonly lease: Lease
  readonly outcome: Outcome
  readonly usage?: AttemptUsage
  readonly also?: readonly Write[]
}

/** The worker's side. */
export interface JobClaims {
  claim(worker: WorkerInfo, wants: readonly Want[]): Promise<readonly Claim[]>
  /** Publications of any queue that somebody died over, also of processors that nobody serves any more. */
  claimPublications(worker: WorkerInfo, slots: number): Promise<readonly Claim[]>
  /** Prolongs leases and upserts the worker's row. `lost`: kill now, write nothing. `cancel`, `deadline`: stop, then settle. */
  touch(
    worker: WorkerInfo,
    held: readonly {
      readonly lease: Lease
      readonly progress?: Progress
      /** How long the attempt has given no sign of life, where that is worth showing. */
      readonly silentMs?: number
    }[],
  ): Promise<readonly { readonly lease: Lease; readonly verdict: Verdict }[]>
  checkpoint(lease: Lease, checkpoint: Checkpoint): Promise<'saved' | 'lost'>
  settle(items: readonly Settlement[]): Promise<readonly ('settled' | 'lost')[]>
  /**
   * What `settle` and then `claim` would answer, with one commit: what comes next does not wait for one of its own. A lost
   * lease claims as well; where `settle` throws, nothing is claimed.
   */
  settleAndClaim(
    items: readonly Settlement[],
    worker: WorkerInfo,
    wants: readonly Want[],
  ): Promise<Turnover>
  /** Shutdown: back to queued, nothing counted. */
  release(leases: readonly Lease[]): Promise<void>
}
export interface Turnover {
  readonly verdicts: readonly ('settled' | 'lost')[]
  readonly claims: readonly Claim[]
}
export interface WorkerInfo {
  readonly id: WorkerId
  readonly host: string
  readonly bootId: string
  readonly pid: number
  readonly slots: number
  readonly version?: string
  /** Queues it claims from. */
  readonly queues?: readonly string[]
  /** Why it claims nothing at present. */
  readonly holding?: 'disk' | 'draining'
}

/** engine: queued, unblocked, started, retry_wait, lost, released, checkpoint, publishing, completed, failed, cancel_requested, cancelled, retried. Workers append: message, output. */
export interface NewEvent {
  readonly lease: Lease
  readonly type: 'message' | 'output'
  readonly data: JsonObject
}
export interface JobEvent {
  readonly jobId: JobId
  readonly no: number
  readonly attempt: number
  readonly type: string
  readonly at: number
  readonly data: JsonObject
}
export type Wakeup =
  | { readonly kind: 'queued'; readonly queue: string }
  /** `state`: as it was then, where that is known; a hint of another process does not say. `ended`: all of it, where at hand. */
  | {
      readonly kind: 'changed'
      readonly jobId: JobId
      readonly state?: JobState
      readonly ended?: Job
    }
  /** Nothing but its progress is new. */
  | { readonly kind: 'progressed'; readonly jobId: JobId }

export interface JobEvents {
  /** A lost lease appends nothing. */
  append(events: readonly NewEvent[]): Promise<void>
  /** Events with no > after, in order. */
  read(jobId: JobId, after: number, limit: number): Promise<readonly JobEvent[]>
  /** A hint, never the truth; may drop, may repeat. */
  wakeups(signal: AbortSignal): AsyncIterable<Wakeup>
}

export interface SweepReport {
  /** Jobs whose lease had expired: queued again, or failed `worker-lost` past the limit, or that expired in the queue. */
  readonly requeued: readonly JobId[]
  readonly failed: readonly JobId[]
  /** Lost while a cancel was requested: cancelled instead of queued again. */
  readonly cancelled: readonly JobId[]
  /** Publications to roll forward: the next claim gives them with `resume: 'publish'`. */
  readonly publishing: readonly JobId[]
  /** retry_wait whose time has come. */
  readonly due: number
}
export interface QueueView {
  readonly queue: string
  readonly queued: number
  readonly running: number
  readonly retryWait: number
  readonly paused: boolean
  readonly maxRunning?: number
  readonly ratePerMinute?: number
  /** When the oldest job that could run, as far as itself is concerned, was queued. */
  readonly oldestReadyAt?: number
  readonly owners: readonly {
    readonly owner: string
    readonly queued: number
    readonly running: number
    readonly maxRunning?: number
  }[]
}
export interface WorkerView extends WorkerInfo {
  readonly startedAt: number
  readonly seenAt: number
  readonly drainRequestedAt?: number
  /** What it runs, with the age of each lease. */
  readonly jobs: readonly {
    readonly id: JobId
    readonly queue: string
    readonly leaseExpiresAt: number
  }[]
}
/** What the operator's screen shows of the recent past. Times in ms. */
export interface QueueHistory {
  readonly queue: string
  readonly finished: number
  readonly failed: number
  readonly waitP50?: number
  readonly waitP95?: number
  readonly runP50?: number
  readonly runP95?: number
}

/** `null` takes a limit away; absent leaves it. */
export interface QueueChange {
  readonly paused?: boolean
  readonly maxRunning?: number | null
  readonly ratePerMinute?: number | null
  /** With `owner`, `maxRunning` is a cap on that owner's share of the queue. */
  readonly owner?: string
}

/** Safe to run everywhere at once. */
export interface JobUpkeep {
  sweep(): Promise<SweepReport>
  setQueue(queue: string, to: QueueChange): Promise<void>
  queues(): Promise<readonly QueueView[]>
  /** Over the newest finished jobs since then, at most 10,000 a queue. */
  history(sinceMs: number): Promise<readonly QueueHistory[]>
  workers(): Promise<readonly WorkerView[]>
  /** Asks a worker to finish or checkpoint and to claim no more; false: there is none of that name. */
  drainWorker(id: WorkerId): Promise<boolean>
  /** What the operator wants of this worker. */
  ordersFor(id: WorkerId): Promise<'work' | 'drain'>
  /** Deletes up to `limit` finished jobs past retention; answers how many. */
  prune(limit: number): Promise<number>
  remove(ids: readonly JobId[]): Promise<void>
  /** Worker rows on this host whose process is gone: their leases end now. */
  forgetDeadWorkers(host: string, isAlive: (worker: WorkerInfo) => boolean): Promise<SweepReport>
  /** Counters that differ from the jobs they count: none, unless the engine has a bug. `mend` sets them right. Reads every job. */
  recount(options?: { readonly mend?: boolean }): Promise<readonly LaneDrift[]>
  /** The database's clock, epoch ms. */
  now(): Promise<number>
}
export interface LaneDrift {
  readonly queue: string
  readonly owner: string
}
