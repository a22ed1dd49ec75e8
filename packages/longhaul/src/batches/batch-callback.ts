import { isBatchFinished, type CallbackType } from '@longhaul/protocol'
import type { Database } from '../database/database.ts'
import type { BatchRow } from './batch.ts'
import { batchView } from './batch-view.ts'
import { countItems } from './count-items.ts'

/** What is told of a batch's end: the batch, as `GET /batches/{id}` has it. Empty while it goes on. */
export async function batchCallbackBody(database: Database, id: string): Promise<string> {
  const [batch] = await database.read<BatchRow>('batch.get', [id])
  if (batch === undefined) return ''
  const view = batchView(batch, await countItems(database, batch))
  const type = `batch.${view.status}` as CallbackType
  return isBatchFinished(view.status) ? JSON.stringify({ ...view, type }) : ''
}
