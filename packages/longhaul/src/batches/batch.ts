import type { NewJob } from '../jobs/engine.ts'
import type { JobState } from '../jobs/job.ts'

/** A row of `batch`. */
export interface BatchRow {
  readonly seq: number
  readonly id: string
  readonly owner: string
  readonly processor: string
  /** A JobOfBatch. */
  readonly job: string
  readonly parameters: string
  readonly total: number
  /** Items up to this number are jobs. */
  readonly fed: number
  readonly created_at: number
  readonly cancelled_at: number | null
  readonly callback_url: string | null
  /** 1: what follows from it is still to be done. */
  readonly stopping: number
  readonly to_tell: number
  readonly removing: number
  /** How many of its ends have been told. */
  readonly told: number
  /** A JSON array. */
  readonly tags: string | null
}

/** What the jobs of a batch have in common. */
export interface JobOfBatch extends Pick<
  NewJob,
  'queue' | 'version' | 'priority' | 'maxFailures' | 'timeoutMs'
> {
  /** @default 'processor' */
  readonly kind?: 'operation'
  /** Whether earlier results may stand for those of its items. */
  readonly reuse?: boolean
}

/** A row of `batch_item`: an item that is not a job yet. */
export interface PendingItemRow {
  readonly item: number
  readonly name: string
  readonly input: string
  /** The id that its job will have, where that was told. */
  readonly job_id: string | null
}

/** What is read of an item's job. */
export interface ItemJobRow {
  readonly batch_item: number
  readonly id: string
  readonly state: JobState
  readonly params: string
  readonly result: string | null
  readonly problem: string | null
  readonly attempt: number
  readonly created_at: number
  readonly started_at: number | null
  readonly completed_at: number | null
}

/** Jobs of one batch that wait or run at a time. The rest is kept out of the engine, where it would be in everybody's way. */
export const windowJobs = 1000
