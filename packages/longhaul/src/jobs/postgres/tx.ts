import type { PostgresDatabase, Session, Sql } from '../../database/postgres/index.ts'
import type { EngineSettings } from '../engine-options.ts'
import type { Wakeup } from '../engine.ts'
import type { WaitReason } from '../job.ts'
import type { JobRow } from '../row.ts'
import { sumOfMoves, type AttemptEnd, type CallbackRow, type Move } from '../rules/index.ts'
import type { Waiting } from './waiting.ts'
import type { Wakeups } from './wakeups.ts'

export interface Engine {
  readonly database: PostgresDatabase
  readonly settings: EngineSettings
  readonly wakeups: Wakeups
  /** When the database last could not be written, on the monotonic clock: see sweep. */
  troubleAtMs: number
}

export interface EventRow {
  readonly job_id: string
  readonly no: number
  readonly attempt: number
  readonly type: string
  readonly at: number
  readonly data: string
}

/** What changes of a lane: counters by how much, the rest to what. */
export interface LaneChange {
  readonly queue: string
  readonly owner: string
  move: Move
  served?: number
  submitClock?: number
  wait?: { readonly reason: WaitReason; readonly since: number }
}
/** What changes of a queue besides what its lanes' moves say. */
export interface QueueChange {
  claims: number
  tokens?: number
  refilledAt?: number
}

const still: Move = { ready: 0, states: [] }

/**
 * One engine operation while it holds its locks: what it has decided so far. Nothing is written until the end, then one
 * statement per table for all rows (write-changes.ts), so the number of statements does not depend on the number of jobs.
 */
export class Tx {
  readonly session: Session
  readonly settings: EngineSettings
  /** The database's clock, read under the locks. */
  now = 0
  /** Jobs by id, as they are after what was decided; `before` is missing for a new one. */
  readonly jobs = new Map<string, { readonly before: JobRow | undefined; after: JobRow }>()
  readonly events: EventRow[] = []
  readonly callbacks: CallbackRow[] = []
  readonly tags: { readonly seq: number; readonly tag: string; readonly owner: string }[] = []
  readonly begun: JobRow[] = []
  readonly attemptEnds: { readonly row: JobRow; readonly end: AttemptEnd }[] = []
  readonly lanes = new Map<string, LaneChange>()
  readonly queues = new Map<string, QueueChange>()
  /** Whatever else is to be written. */
  readonly more: Sql[] = []
  readonly wakeups: Wakeup[] = []
  /** Jobs that ended in this operation: their dependants have to hear of it. */
  readonly ended: string[] = []
  /** Queues whose lanes may wait for another reason than before: looked at before the commit. */
  readonly unsettled = new Set<string>()
  /** What was read of the lanes that wait, where the operation needed it itself. */
  waiting: Waiting | undefined

  constructor(session: Session, settings: EngineSettings) {
    this.session = session
    this.settings = settings
  }

  notify(wakeup: Wakeup): void {
    this.wakeups.push(wakeup)
  }
  lane(queue: string, owner: string): LaneChange {
    const key = laneKey(queue, owner)
    const change = this.lanes.get(key) ?? { queue, owner, move: still }
    this.lanes.set(key, change)
    return change
  }
  queue(queue: string): QueueChange {
    const change = this.queues.get(queue) ?? { claims: 0 }
    this.queues.set(queue, change)
    return change
  }
  count(queue: string, owner: string, move: Move): void {
    const lane = this.lane(queue, owner)
    lane.move = lane.move === still ? move : sumOfMoves(lane.move, move)
  }
}

export const laneKey = (queue: string, owner: string): string => JSON.stringify([queue, owner])
