import { z } from 'zod'
import { jsonObject } from './primitives.ts'
import { systemAJob } from './system-a.ts'

export const columnType = z.enum(['int64', 'float64', 'string'])
export type ColumnType = z.infer<typeof columnType>

/** The result of every job of system B, and what `results.json` beside its outputs holds. */
export const binJobResult = z
  .object({
    job_id: z.string(),
    features: z.object({
      format: z.literal('parquet'),
      uris: z.array(z.string()),
      schema: z.record(z.string(), columnType),
    }),
    masks: z.object({
      format: z.literal('webdataset'),
      shards: z.array(z.object({ uri: z.string(), index_uri: z.string() })),
    }),
    counts: z.object({ bins: z.int(), rois: z.int(), masks: z.int() }),
  })
  .meta({ id: 'BinJobResult' })
export type BinJobResult = z.infer<typeof binJobResult>

/** `percent` is of the whole job; `detail` says which bin, and whatever else was reported. */
export const binJobProgress = z.object({
  stage: z.string(),
  percent: z.number(),
  detail: jsonObject,
})
export type BinJobProgress = z.infer<typeof binJobProgress>

/** `GET /jobs/{id}` of a job that was made of bins. */
export const systemBJob = systemAJob
  .extend({ result: binJobResult.nullable(), progress: binJobProgress.nullable() })
  .meta({ id: 'SystemBJob' })
export type SystemBJob = z.infer<typeof systemBJob>
