import type { Runner } from '../runners/runner.ts'
import type { RunnersByName } from '../worker/index.ts'

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
