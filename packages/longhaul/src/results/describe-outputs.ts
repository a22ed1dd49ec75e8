import type { JobOutput } from '../jobs/job.ts'
import type { Json, JsonObject } from '../support/json.ts'

/** System A: numbered files of one writer are one descriptor; a tar shard goes with its index. */
export function describeOutputs(outputs: readonly JobOutput[]): readonly JsonObject[] {
  const byName = new Map(outputs.map((output) => [output.name, output]))
  const indices = new Set(outputs.map((output) => indexOfShard(output, byName)))
  const groups = new Map<string, JobOutput[]>()
  for (const output of outputs) {
    if (indices.has(output)) continue
    const stem = output.name.replace(/(_\d+)?\.[^./]*$/, '')
    const group = `${stem}.${extensionOf(output)}`
    groups.set(group, [...(groups.get(group) ?? []), output])
  }
  return [...groups].map(([group, files]) => describeGroup(group, files, byName))
}

/** The JSON of the same name beside a tar. */
export function indexOfShard(
  { name }: JobOutput,
  byName: ReadonlyMap<string, JobOutput>,
): JobOutput | undefined {
  return name.endsWith('.tar') ? byName.get(name.replace(/tar$/, 'json')) : undefined
}

function describeGroup(
  group: string,
  files: readonly JobOutput[],
  byName: ReadonlyMap<string, JobOutput>,
): JsonObject {
  const dot = group.lastIndexOf('.')
  const name = group.slice(0, dot)
  const format = group.slice(dot + 1)
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  const items = itemsOf(files)
  if (format === 'tar') {
    const shards = files.map((file): Json => ({
      name: file.name,
      uri: file.uri,
      index_uri: indexOfShard(file, byName)?.uri ?? null,
      metadata: { ...withItems('items', file.items), bytes: file.size },
    }))
    const metadata = { ...withItems('items', items), bytes }
    return { name, type: 'binary', format: 'webdataset', uris: [], shards, metadata }
  }
  const type = ['jsonl', 'parquet', 'csv'].includes(format) ? 'tabular' : 'binary'
  const uris = files.map(({ uri }) => uri)
  const metadata = {
    ...withItems('records_emitted', items),
    file_count: files.length,
    bytes,
  }
  return { name, type, format, uris, shards: [], metadata }
}

const extensionOf = ({ name }: JobOutput): string => /[^./]*$/.exec(name)?.[0] ?? ''

/** Only where every writer has counted. */
const itemsOf = (files: readonly JobOutput[]): number | undefined =>
  files.reduce<number | undefined>(
    (sum, { items }) => (sum === undefined || items === undefined ? undefined : sum + items),
    0,
  )

const withItems = (word: string, items: number | undefined): JsonObject =>
  items === undefined ? {} : { [word]: items }
