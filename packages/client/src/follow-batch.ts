import {
  batchItemView,
  batchView,
  isBatchFinished,
  type BatchItemView,
  type BatchView,
} from '@longhaul/protocol'
import type { Connection } from './connection.ts'
import { ServiceError } from './errors.ts'
import { NoStream, openStream, type FollowOptions } from './follow-job.ts'
import { pause } from './pause.ts'

export interface FollowBatchOptions extends Omit<FollowOptions, 'after'> {
  /** The `position` of the last item that is known already. */
  readonly after?: string | undefined
}
/** Counts that changed, or an item that ended. An item may come twice, after a broken line or a retry. */
export type BatchUpdate =
  | { readonly batch: BatchView; readonly item?: undefined }
  | { readonly item: BatchItemView; readonly position: string; readonly batch?: undefined }

/**
 * Follows a batch to its end: over its event stream, from where it was however often that breaks. Where no stream comes
 * through, only counts are told. The last update is the batch that has ended.
 */
export async function* followBatch(
  connection: Connection,
  id: string,
  options: FollowBatchOptions = {},
): AsyncGenerator<BatchUpdate> {
  const path = `/batches/${encodeURIComponent(id)}`
  const { signal, patienceMs = 60_000, pollMs = 1000 } = options
  let last = options.after
  let awaySince: number | undefined
  let hasStream = true
  for (;;) {
    try {
      if (hasStream)
        for await (const { event, id: position = '', data } of openStream(
          connection,
          `${path}/events`,
          last,
          options,
        )) {
          awaySince = undefined
          if (event !== 'item') {
            yield { batch: batchView.parse(JSON.parse(data)) }
            if (event === 'end') return
            continue
          }
          last = position
          yield { item: batchItemView.parse(JSON.parse(data)), position }
        }
      // It ended without an end: the service is stopping, or there is nothing after what we have.
      const batch = await connection.read(batchView, path, { signal })
      awaySince = undefined
      if (isBatchFinished(batch.status) || !hasStream) yield { batch }
      if (isBatchFinished(batch.status)) return
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof NoStream) hasStream = false
      else if (error instanceof ServiceError && error.status < 500) throw error
      else {
        awaySince ??= Date.now()
        if (Date.now() - awaySince > patienceMs) throw error
      }
    }
    await pause(pollMs, signal)
  }
}
