import type { JobOutput, SystemAJob } from '@longhaul/protocol'

export interface ResultUris {
  readonly features: readonly string[]
  readonly masks: readonly string[]
  /** Of the shards, and of the whole: `results.json`. */
  readonly indices: readonly string[]
}

/** What a completed job wrote, by what it is: as its result says (B), or as its descriptors of outputs do (A). */
export function urisOfResult(
  { result }: Pick<SystemAJob, 'result'>,
  outputs: readonly Pick<JobOutput, 'uri'>[],
): ResultUris {
  const said = (result ?? {}) as Said
  const tables = [
    ...(said.features?.uris ?? []),
    ...descriptors(said).flatMap(({ type, uris = [] }) => (type === 'tabular' ? uris : [])),
  ]
  const shards = [
    ...(said.masks?.shards ?? []),
    ...descriptors(said).flatMap(({ shards = [] }) => shards),
  ]
  const published = outputs.map(({ uri }) => uri)
  const indices = [
    ...shards.flatMap(({ index_uri }) => (index_uri ? [index_uri] : [])),
    ...published.filter((uri) => uri.endsWith('/results.json')),
  ]
  return { features: tables, masks: shards.map(({ uri }) => uri), indices }
}

interface Shard {
  readonly uri: string
  readonly index_uri?: string | null
}
interface Said {
  readonly features?: { readonly uris?: readonly string[] }
  readonly masks?: { readonly shards?: readonly Shard[] }
  readonly outputs?: unknown
}
interface Descriptor {
  readonly type?: string
  readonly uris?: readonly string[]
  readonly shards?: readonly Shard[]
}

const descriptors = ({ outputs }: Said): readonly Descriptor[] =>
  Array.isArray(outputs) ? (outputs as readonly Descriptor[]) : []
