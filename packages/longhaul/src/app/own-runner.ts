import type { Processor, ProcessorDescription } from '../processor/index.ts'
import { inlineRunner } from '../runners/inline/index.ts'
import type { Runner } from '../runners/runner.ts'
import type { Config } from './config.ts'

/** Attempts at once of each kind, in this process. */
const slots = 5

/** Runs one kind of the service's own jobs in this process. */
export const ownRunner = (
  { dataDir, recordsFileBytes, shardBytes }: Config,
  description: ProcessorDescription,
  processor: Processor,
): Runner =>
  inlineRunner(
    processor,
    { concurrency: slots, own_slots: true, ...description },
    { slots, dataDir, recordsFileBytes, shardBytes, env: [] },
    dataDir,
  )
