import { assetRequest, assetsRequest, resultsRequest } from '@longhaul/protocol'
import { LonghaulError } from '../errors/index.ts'
import type { JsonObject } from '../support/json.ts'
import { invalidRequest, parseRequest } from '../validation/index.ts'

export interface AssetsSaid {
  readonly urls: readonly string[]
  readonly parameters: JsonObject
  readonly idempotencyKey?: string | undefined
  readonly callbackUrl?: string | undefined
}

/** More would be looked up for one answer. */
const maxFlowIds = 1000

/** One asset, under either of its names. Throws 'invalid-request'. */
export function parseAsset(body: unknown): AssetsSaid {
  const { digital_asset_url, image_url, parameters = {} } = parseRequest(assetRequest, body, 'body')
  const url = digital_asset_url ?? image_url
  if (url === undefined) throw missing('digital_asset_url')
  return { urls: [url], parameters: parameters }
}

/** Several. Throws 'invalid-request'; 'bad-request' for none and for too many. */
export function parseAssets(body: unknown, maxAssets: number): AssetsSaid {
  const said = parseRequest(assetsRequest, body, 'body')
  const urls = said.digital_asset_urls ?? said.image_urls
  if (urls === undefined) throw missing('digital_asset_urls')
  if (urls.length === 0)
    throw new LonghaulError('bad-request', 'At least one digital asset URL is required')
  if (urls.length > maxAssets)
    throw new LonghaulError(
      'bad-request',
      `Maximum ${maxAssets} digital assets allowed per batch request`,
      { facts: { max_assets: maxAssets } },
    )
  const { parameters = {}, idempotency_key, callback_url } = said
  return {
    urls,
    parameters: parameters,
    idempotencyKey: idempotency_key || undefined,
    callbackUrl: callback_url || undefined,
  }
}

/** `{"flow_ids": […]}` or the bare array. Throws 'invalid-request', 'bad-request'. */
export function parseFlowIds(body: unknown): readonly string[] {
  const given = Array.isArray(body) ? { flow_ids: body as unknown[] } : body
  const { flow_ids } = parseRequest(resultsRequest, given, 'body')
  if (flow_ids.length === 0)
    throw new LonghaulError('bad-request', 'At least one flow ID is required')
  if (flow_ids.length > maxFlowIds)
    throw new LonghaulError('bad-request', `Maximum ${maxFlowIds} flow IDs allowed per request`)
  return flow_ids
}

const missing = (field: string) =>
  invalidRequest([{ type: 'missing', loc: ['body', field], msg: 'Field required' }])
