import type { Runner } from '../runners/runner.ts'

type Runners = Pick<ReadonlyMap<string, Runner>, 'get' | 'values'>

/**
 * What is served, which changes as sources are loaded again, and the service's own jobs besides: those are no processors that
 * anybody can name, and only workers know them.
 */
export const withOwn = (
  served: ReadonlyMap<string, Runner>,
  own: readonly Runner[],
): Runners => ({
  get: (name) => own.find(({ description }) => description.name === name) ?? served.get(name),
  *values() {
    yield* served.values()
    yield* own
    return undefined
  },
})
