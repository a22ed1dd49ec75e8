import {
  batchItemList,
  batchList,
  batchRetried,
  batchView,
  type BatchItemList,
  type BatchItemStatus,
  type BatchItemView,
  type BatchList,
  type BatchRetried,
  type BatchRetry,
  type BatchSubmission,
  type BatchView,
} from '@longhaul/protocol'
import type { Connection } from './connection.ts'
import { followBatch, type BatchUpdate, type FollowBatchOptions } from './follow-batch.ts'

export interface BatchRequest extends Omit<BatchSubmission, 'idempotency_key'> {
  /** Names the request: sent again, it answers with the same batch. @default a random one */
  readonly idempotencyKey?: string | undefined
  readonly signal?: AbortSignal | undefined
}
export interface BatchItemsQuery {
  readonly status?: readonly BatchItemStatus[] | undefined
  /** Failed items with one of these problems. */
  readonly code?: readonly string[] | undefined
  readonly limit?: number | undefined
  /** Number of the item before the first. */
  readonly cursor?: string | undefined
}

/** Many jobs of one processor, together. */
export interface Batches {
  submit(processor: string, request: BatchRequest): Promise<BatchView>
  get(id: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<BatchView>
  /** One page, newest first; `next` is the following page's `cursor`. */
  list(query?: {
    readonly limit?: number
    readonly cursor?: string | undefined
  }): Promise<BatchList>
  /** One page, in the order of the items. */
  items(
    id: string,
    query?: BatchItemsQuery,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<BatchItemList>
  /** Every page, one item at a time. */
  allItems(id: string, query?: BatchItemsQuery): AsyncGenerator<BatchItemView>
  /** Its counts as they change and its items as they end, to its end. */
  follow(id: string, options?: FollowBatchOptions): AsyncGenerator<BatchUpdate>
  cancel(id: string): Promise<BatchView>
  /** Deletes a batch that has ended, with its jobs and all that they made. */
  remove(id: string): Promise<void>
  /** Queues failed items again: all, or those with the problems in `only`. */
  retry(id: string, request?: BatchRetry): Promise<BatchRetried>
}

export function openBatches(connection: Connection): Batches {
  const path = (id: string, below = ''): string => `/batches/${encodeURIComponent(id)}${below}`

  const items: Batches['items'] = (id, query = {}, options = {}) =>
    connection.read(batchItemList, path(id, '/items'), {
      query: {
        status: query.status?.join(',') || undefined,
        code: query.code?.join(',') || undefined,
        limit: query.limit,
        cursor: query.cursor,
      },
      signal: options.signal,
    })

  return {
    items,
    submit: (processor, { idempotencyKey, signal, ...json }) =>
      connection.read(batchView, `/processors/${encodeURIComponent(processor)}/batches`, {
        method: 'POST',
        headers: { 'idempotency-key': idempotencyKey ?? crypto.randomUUID() },
        json,
        signal,
        timeoutMs: 0, // a hundred thousand items are checked before the answer
      }),
    get: (id, { signal } = {}) => connection.read(batchView, path(id), { signal }),
    list: (query = {}) => connection.read(batchList, '/batches', { query }),
    allItems: async function* (id, query = {}) {
      let cursor = query.cursor
      do {
        const page = await items(id, { limit: 500, ...query, cursor })
        yield* page.items
        cursor = page.next ?? undefined
      } while (cursor !== undefined)
    },
    follow: (id, options) => followBatch(connection, id, options),
    cancel: (id) =>
      connection.read(batchView, path(id, '/cancel'), { method: 'POST', timeoutMs: 0 }),
    remove: async (id) => {
      // Sent again after an answer that was lost, it finds nothing.
      await connection.send(path(id), { method: 'DELETE', repeatable: false, timeoutMs: 0 })
    },
    retry: (id, request = {}) =>
      connection.read(batchRetried, path(id, '/retry'), {
        method: 'POST',
        json: request,
        repeatable: false, // a second try would find nothing to retry, and say so
        timeoutMs: 0,
      }),
  }
}
