import type { ConfigOptions } from '../../app/index.ts'
import type { FaultPoint } from '../../support/fault-point.ts'

/** What one server process is told when it starts, as JSON in its first argument. */
export interface ServerPlan {
  readonly folder: string
  readonly serial: number
  /** The host it stands for. */
  readonly place: number
  /** Where its data is, and how it gets there. */
  readonly config: ConfigOptions
  readonly seed: number
  readonly leaseMs: number
  readonly slots: number
  readonly fault?: PlannedFault
  readonly unsafe: Unsafe
}

/** Safeties that are switched off, to prove that their absence is noticed. */
export interface Unsafe {
  readonly noFence?: boolean
  readonly noRollForward?: boolean
  /** PostgreSQL only. */
  readonly noQueueLock?: boolean
}

/**
 * What to do at the `hit`th passing of a point: die by SIGKILL, or stand still until somebody wakes the process, which
 * then goes on exactly there with a lease that has passed.
 */
export interface PlannedFault {
  readonly point: FaultPoint
  readonly action: 'die' | 'stop'
  readonly hit: number
}

/** Variables that mark every process of a run, and tell attempts where the ledger is. */
export const runVariable = 'LONGHAUL_TORTURE_RUN'
export const ledgerVariable = 'LONGHAUL_TORTURE_LEDGER'

/** Short, so that uploads whose answer never reached the client expire within the run. */
export const uploadKeepSeconds = 5
