import type { Connection, SqliteDatabase } from '../../database/index.ts'
import type { EngineSettings } from '../engine-options.ts'
import type { Wakeup } from '../engine.ts'
import type { JobRow } from '../row.ts'
import type { Move } from '../rules/index.ts'
import type { Wakeups } from './wakeups.ts'

export interface Engine {
  readonly database: SqliteDatabase
  readonly settings: EngineSettings
  readonly wakeups: Wakeups
  /** When the database last could not be written, on the monotonic clock: see sweep. */
  troubleAtMs: number
}

/** What an operation does to the counters of one lane. */
export interface LaneMove {
  readonly queue: string
  readonly owner: string
  move: Move
  /** A running job gave up its slot, which a fleet-wide limit may have kept from one that waits. */
  frees: boolean
  /** The queue's claim that served it last. */
  served: number | null
}

/** One engine operation while it holds the write lock. */
export interface Tx {
  readonly connection: Connection
  readonly settings: EngineSettings
  /** The database's clock at the operation's start. */
  readonly now: number
  /** Told to listeners after the commit. */
  notify(wakeup: Wakeup): void
  /** Changes of counters that are not written yet, by lane: see lane.ts. */
  readonly moves: Map<string, LaneMove>
  /** Jobs that ended in this operation: their dependants hear of it before the commit. */
  readonly ended: JobRow[]
  /** Queues whose lanes may wait for another reason than before: looked at before the commit. */
  readonly unsettled: Set<string>
}
