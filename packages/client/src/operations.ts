import {
  isFlowFinished,
  operationResults,
  operationsStarted,
  type OperationResults,
  type OperationsStarted,
} from '@longhaul/protocol'
import type { Connection } from './connection.ts'
import { pause } from './pause.ts'

export interface AssetOptions {
  /** What the operation asks besides the asset. */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined
  /** Names the request: sent again, it is the same jobs. @default a random one */
  readonly idempotencyKey?: string | undefined
  readonly signal?: AbortSignal | undefined
}
export interface WaitForFlows {
  /** @default 1000 */
  readonly pollMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Called with what is known, after each look. */
  readonly onProgress?: ((finished: number, total: number) => void) | undefined
}

/** Remote operations on assets that are named by URLs, as system C has them. */
export interface Operations {
  /** The processed bytes of one asset; the service is waited for, up to a minute. */
  process(operation: string, assetUrl: string, options?: AssetOptions): Promise<Response>
  /** A durable job for each asset, all of them or none; `operations` is the word for several: `remove-backgrounds`. */
  start(
    operations: string,
    assetUrls: readonly string[],
    options?: AssetOptions,
  ): Promise<OperationsStarted>
  /** What has come of them so far, a thousand at most. */
  results(operations: string, flowIds: readonly string[]): Promise<OperationResults>
  /** Until each has ended, however it ended. */
  wait(
    operations: string,
    flowIds: readonly string[],
    options?: WaitForFlows,
  ): Promise<OperationResults['results']>
}

/** So many ids in one look. */
const pageIds = 500

export function openOperations(connection: Connection): Operations {
  const path = (version: string, slug: string) => `/api/${version}/${encodeURIComponent(slug)}`
  const request = (options: AssetOptions, body: object) => ({
    method: 'POST' as const,
    json: { ...body, parameters: options.parameters },
    // A name makes the second try the same jobs.
    headers: { 'idempotency-key': options.idempotencyKey ?? crypto.randomUUID() },
    signal: options.signal,
    timeoutMs: 0,
  })
  const results: Operations['results'] = (operations, flowIds) =>
    connection.read(operationResults, `${path('v2', operations)}/results`, {
      method: 'POST',
      json: { flow_ids: flowIds },
    })
  return {
    results,
    process: (operation, url, options = {}) =>
      connection.send(path('v1', operation), request(options, { digital_asset_url: url })),
    start: (operations, urls, options = {}) =>
      connection.read(
        operationsStarted,
        path('v2', operations),
        request(options, { digital_asset_urls: urls }),
      ),
    async wait(operations, flowIds, { pollMs = 1000, signal, onProgress } = {}) {
      const ended: OperationResults['results'] = {}
      const open = new Set(flowIds)
      while (open.size > 0) {
        const page = [...open].slice(0, pageIds)
        const { results: found } = await results(operations, page)
        for (const [id, flow] of Object.entries(found)) {
          // Those that have not ended go to the end of the line.
          open.delete(id)
          if (isFlowFinished(flow.status)) ended[id] = flow
          else open.add(id)
        }
        const finished = Object.keys(ended).length
        onProgress?.(finished, finished + open.size)
        if (open.size > 0) await pause(pollMs, signal)
      }
      return ended
    },
  }
}
