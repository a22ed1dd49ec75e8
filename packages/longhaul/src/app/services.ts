import type { Logger } from 'pino'
import type { Archives } from '../archives/index.ts'
import type { Database } from '../database/database.ts'
import type { Imports } from '../imports/imports.ts'
import type { JobEngine } from '../jobs/engine.ts'
import type { Job } from '../jobs/job.ts'
import type { Outbound } from '../outbound/index.ts'
import type { Runner } from '../runners/runner.ts'
import type { Storage } from '../storage/object-store.ts'
import type { Activity } from '../support/activity.ts'
import type { Uploads } from '../uploads/uploads.ts'
import type { AttemptCounts } from './attempt-counts.ts'
import type { Config } from './config.ts'

/** What the features' routes are given; made once by createApp. */
export interface Services {
  readonly config: Config
  readonly log: Logger
  readonly database: Database
  readonly engine: JobEngine
  readonly storage: Storage
  readonly uploads: Uploads
  readonly archives: Archives
  readonly imports: Imports
  /** The guard of requests to addresses that others chose. */
  readonly outbound: Outbound
  /** How attempts of this process ended. */
  readonly ends: AttemptCounts
  /** Whether jobs change and requests come. */
  readonly activity: Activity
  /** By name; also the broken ones, see `broken`. */
  readonly runners: ReadonlyMap<string, Runner>
  /** Files that could not be loaded, with what to say about them. */
  readonly broken: readonly BrokenSource[]
  /** Brings what lies outside the database up to what it says of this job; see callables/run-directories.ts. */
  readonly reflectJob: (job: Job) => Promise<void>
}

export interface BrokenSource {
  readonly source: string
  readonly name: string
  readonly detail: string
  /** Its `module:callable`, where it is one. */
  readonly callable?: string
}
