import type { Logger } from 'pino'
import type { Config } from '../app/config.ts'
import type { JobEngine, WorkerInfo } from '../jobs/engine.ts'
import type { Job } from '../jobs/job.ts'
import type { Outbound } from '../outbound/index.ts'
import type { ProcessorDescription } from '../processor/description.ts'
import type { Runner } from '../runners/runner.ts'
import type { Storage } from '../storage/object-store.ts'
import type { JsonObject } from '../support/json.ts'
import type { LogCopies } from './log-copies.ts'

/** A map serves; what is in it may change. */
export interface RunnersByName {
  get(name: string): Runner | undefined
  values(): Iterable<Runner>
}

/** What a worker works with; made by the app. */
export interface WorkerParts {
  readonly config: Config
  readonly engine: JobEngine
  readonly storage: Storage
  readonly runners: RunnersByName
  readonly worker: WorkerInfo
  readonly log: Logger
  /** Through which inputs of other servers are fetched. */
  readonly outbound: Outbound
  /** Whether this owner's job may read that object; asked for what a manifest names, which nobody checked before. */
  readonly mayRead: (owner: string, key: string) => Promise<boolean>
  /** Results are recorded to be found again, with a file beside their outputs that tells where they came from. */
  readonly keepsOrigins?: boolean
  /** A completed job that follows from the same; of whom is asked only for items of batches. */
  readonly findResult?: (
    owner: string,
    description: ProcessorDescription,
    staged: JsonObject,
  ) => Promise<Job | undefined>
  /** Where API processes on other hosts are to read the logs. */
  readonly logs?: LogCopies
}
