import { describeProcessor, type Processor } from '../processor/index.ts'
import type { ProcessorDescription } from '../processor/description.ts'
import { inlineRunner } from '../runners/inline/index.ts'
import type { Runner } from '../runners/runner.ts'
import type { RunnersByName } from '../worker/index.ts'
import type { Config } from './config.ts'

/**
 * What a worker runs: what is served, as it changes, and the jobs that longhaul itself does. The latter are nobody's
 * processors: lists of those do not know them.
 */
export function withOwnRunners(
  served: ReadonlyMap<string, Runner>,
  own: readonly Runner[],
): RunnersByName {
  const ownByName = new Map(own.map((runner) => [runner.description.name, runner]))
  return {
    get: (name) => ownByName.get(name) ?? served.get(name),
    values: () => [...served.values(), ...own],
  }
}

/** Runs jobs that longhaul itself does and that only wait for others: in this process, so many at once, in nobody's way. */
export function ownRunner(processor: Processor, concurrency: number, config: Config): Runner {
  const { dataDir, recordsFileBytes, shardBytes } = config
  const described = describeProcessor(processor) as unknown as ProcessorDescription
  return inlineRunner(
    processor,
    { ...described, concurrency, own_slots: true },
    { dataDir, recordsFileBytes, shardBytes, slots: concurrency, env: [] },
    dataDir,
  )
}
