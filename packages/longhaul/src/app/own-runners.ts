import { describeProcessor, type Processor, type ProcessorDescription } from '../processor/index.ts'
import { inlineRunner } from '../runners/inline/index.ts'
import type { Runner } from '../runners/runner.ts'
import type { Config } from './config.ts'

/** Runs a processor that longhaul itself brings. It waits for others and shares this process with the API. */
export function ownRunner(processor: Processor, config: Config): Runner {
  const { maxConcurrentJobs: slots, dataDir, recordsFileBytes, shardBytes } = config
  const options = { slots, dataDir, env: [], recordsFileBytes, shardBytes }
  const description = describeProcessor(processor) as unknown as ProcessorDescription
  return inlineRunner(processor, description, options, dataDir)
}

/** What the worker runs: what is served, which changes when a source is loaded again, and longhaul's own. Nobody else sees these. */
export function withOwn(
  served: ReadonlyMap<string, Runner>,
  own: readonly Runner[],
): ReadonlyMap<string, Runner> {
  const mine = new Map(own.map((runner) => [runner.description.name, runner]))
  const all = () => new Map([...served, ...mine])
  return {
    get size() {
      return all().size
    },
    get: (name) => mine.get(name) ?? served.get(name),
    has: (name) => mine.has(name) || served.has(name),
    entries: () => all().entries(),
    keys: () => all().keys(),
    values: () => all().values(),
    forEach: (callback, thisArg) => all().forEach(callback, thisArg),
    [Symbol.iterator]: () => all().entries(),
  }
}
