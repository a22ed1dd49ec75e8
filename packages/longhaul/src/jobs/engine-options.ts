import { backoffMs } from './backoff.ts'

/** What both drivers of the engine let their maker choose. */
export interface EngineOptions {
  /** How long a claim holds without a touch. @default 30 s */
  readonly leaseMs?: number
  /** Lost leases until a job fails 'worker-lost': the brake on jobs that kill their worker. @default 3 */
  readonly lostLimit?: number
  /** How long a worker that was told to stop may go on touching before its lease runs out. @default 30 s */
  readonly stopGraceMs?: number
  /** Queued jobs of one owner, beyond which submit refuses. @default 100,000 */
  readonly maxQueuedPerOwner?: number
  /** Queued jobs in all. @default 1,000,000 */
  readonly maxQueued?: number
  /** Age at which prune deletes a finished job. @default never */
  readonly retentionMs?: number
  /** Wait after the nth failure of an attempt. @default backoffMs */
  readonly backoff?: (failures: number, seed: string) => number
  /** How often other processes' commits are looked for. @default 0.2 s */
  readonly pollMs?: number
  /** Tests only: switches a safety off, to prove that torture notices. */
  readonly unsafe?: {
    readonly noFence?: boolean
    readonly noRollForward?: boolean
    /** PostgreSQL: claims without locking queue_state first. */
    readonly noQueueLock?: boolean
  }
}

/** EngineOptions with every default applied. */
export type EngineSettings = Required<Omit<EngineOptions, 'unsafe'>> & {
  readonly noFence: boolean
  readonly noRollForward: boolean
  readonly noQueueLock: boolean
}

export const engineSettings = (options: EngineOptions): EngineSettings => ({
  leaseMs: options.leaseMs ?? 30_000,
  lostLimit: options.lostLimit ?? 3,
  stopGraceMs: options.stopGraceMs ?? 30_000,
  maxQueuedPerOwner: options.maxQueuedPerOwner ?? 100_000,
  maxQueued: options.maxQueued ?? 1_000_000,
  retentionMs: options.retentionMs ?? Number.POSITIVE_INFINITY,
  backoff: options.backoff ?? backoffMs,
  pollMs: options.pollMs ?? 200,
  noFence: options.unsafe?.noFence ?? false,
  noRollForward: options.unsafe?.noRollForward ?? false,
  noQueueLock: options.unsafe?.noQueueLock ?? false,
})
