import { z } from 'zod'
import { jsonObject } from './primitives.ts'

const webUrl = z
  .string()
  .max(2048)
  .refine(
    (text) => /^https?:\/\/./i.test(text) && URL.canParse(text),
    'Input should be a valid URL',
  )
  .meta({ format: 'uri', description: 'http or https' })

const parameters = jsonObject
  .optional()
  .describe('What the operation asks besides the asset; none has to be said where it asks nothing')

/** `POST /api/v1/<operation>`. The two fields are the same; one of them is needed. */
export const assetRequest = z.object({
  digital_asset_url: webUrl.optional(),
  image_url: webUrl.optional(),
  parameters,
})

/** `POST /api/v1/<operations>` and `POST /api/v2/<operations>`. */
export const assetsRequest = z.object({
  digital_asset_urls: z.array(webUrl).optional(),
  image_urls: z.array(webUrl).optional(),
  parameters,
  /** Makes one batch of the same request, however often it is sent; the header `Idempotency-Key` wins. */
  idempotency_key: z.string().max(255).optional(),
  /** Told when all have ended. */
  callback_url: z.string().optional(),
})
export type AssetsRequest = z.input<typeof assetsRequest>

/** `POST /api/v2/<operations>`: a job for each asset, in the order of the URLs. */
export const operationsStarted = z
  .object({
    flow_ids: z.array(z.string()),
    message: z.string(),
    status: z.literal('RUNNING'),
    digital_asset_count: z.int(),
    image_count: z.int(),
    /** The same as a native batch. */
    batch_id: z.string(),
  })
  .meta({ id: 'OperationsStarted' })
export type OperationsStarted = z.infer<typeof operationsStarted>

export const flowStatus = z.enum([
  'PENDING',
  'RUNNING',
  'RETRYING',
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'UNKNOWN',
])
export type FlowStatus = z.infer<typeof flowStatus>
export const isFlowFinished = (status: FlowStatus): boolean =>
  status !== 'PENDING' && status !== 'RUNNING' && status !== 'RETRYING'

/** One asset. `error` is null until it has failed, was cancelled, or is not known. */
export const flowResult = z.object({
  /** The flow id. */
  url: z.string(),
  success: z.boolean(),
  error: z.string().nullable(),
  /** Where the result can be fetched, for a while: ask again for a new one. */
  processed_url: z.string().nullable(),
  /** Null until it has ended. */
  original_url: z.string().nullable(),
  status: flowStatus,
})
export type FlowResult = z.infer<typeof flowResult>

/** `POST /api/v2/<operations>/results`; a bare array of ids means the same. */
export const resultsRequest = z.object({ flow_ids: z.array(z.string()) })

export const operationResults = z
  .object({
    total_count: z.int(),
    success_count: z.int(),
    results: z.record(z.string(), flowResult),
  })
  .meta({ id: 'OperationResults' })
export type OperationResults = z.infer<typeof operationResults>
