import type { WaitReason } from '../job.ts'
import type { Bucket, WorkerRow } from '../rules/index.ts'

export interface LaneRow {
  readonly queue: string
  readonly owner: string
  readonly ready: number
  readonly running: number
  readonly max_running: number | null
  readonly served: number
  readonly wait_reason: WaitReason
  readonly wait_since: number
}
export interface QueueRow extends Bucket {
  readonly queue: string
  readonly running: number
  readonly max_running: number | null
  readonly paused: boolean
  readonly claims: number
}
export type LiveWorker = Pick<WorkerRow, 'queues' | 'holding'>

/** What decides why jobs wait, of some queues. */
export interface Waiting {
  readonly lanes: readonly LaneRow[]
  readonly queues: readonly QueueRow[]
  readonly workers: readonly LiveWorker[]
}
