import type { JobOutput } from '@longhaul/protocol'
import type { Json } from '../support/json.ts'

/** What was returned beside the outputs, which are files of their own; undefined when that is nothing. */
export function plainResult(result: Json, outputs: readonly JobOutput[]): Json | undefined {
  if (result === null || isOutput(result, outputs)) return undefined
  if (Array.isArray(result)) {
    const all = result as readonly Json[]
    return all.length > 0 && all.every((item) => isOutput(item, outputs)) ? undefined : result
  }
  if (typeof result !== 'object') return result
  const rest = Object.entries(result).filter(
    ([, value]) => plainResult(value, outputs) !== undefined,
  )
  return rest.length === 0 ? undefined : Object.fromEntries(rest)
}

const isOutput = (value: Json, outputs: readonly JobOutput[]): boolean =>
  typeof value === 'object' &&
  value !== null &&
  outputs.some(({ uri }) => uri === (value as Readonly<Record<string, Json>>)['uri'])
