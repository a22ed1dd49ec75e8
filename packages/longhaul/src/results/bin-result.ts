import type { BinJobResult } from '@longhaul/protocol'
import type { Job, JobOutput } from '../jobs/job.ts'
import type { Json } from '../support/json.ts'
import { indexOfShard } from './describe-outputs.ts'

/**
 * System B's clients refuse a result that lacks any of this, so what a processor does not say itself is told by its
 * outputs: Parquet files are features, tar shards are masks.
 */
export function binResult(
  { id, params }: Pick<Job, 'id' | 'params'>,
  value: Json,
  outputs: readonly JobOutput[],
): BinJobResult {
  const { features, counts } = said(value)
  const { manifest } = params
  const tables = outputs.filter(({ name }) => name.endsWith('.parquet'))
  const shards = outputs.filter(({ name }) => name.endsWith('.tar'))
  const byName = new Map(outputs.map((output) => [output.name, output]))
  return {
    job_id: id,
    features: {
      format: 'parquet',
      uris: tables.map(({ uri }) => uri),
      schema: (features?.schema ?? {}) as BinJobResult['features']['schema'],
    },
    masks: {
      format: 'webdataset',
      shards: shards.map((shard) => ({
        uri: shard.uri,
        index_uri: indexOfShard(shard, byName)?.uri ?? '',
      })),
    },
    counts: {
      bins: counts?.bins ?? (manifest && 'bins' in manifest ? manifest.bins.length : 0),
      rois: counts?.rois ?? itemsOf(tables),
      masks: counts?.masks ?? itemsOf(shards),
    },
  }
}

interface Said {
  readonly features?: { readonly schema?: unknown }
  readonly counts?: { readonly bins?: number; readonly rois?: number; readonly masks?: number }
}

const said = (value: Json): Said =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Said) : {}

const itemsOf = (outputs: readonly JobOutput[]): number =>
  outputs.reduce((sum, { items = 0 }) => sum + items, 0)
