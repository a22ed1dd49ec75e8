import type { BatchItemStatus, BatchItemView } from '@longhaul/protocol'
import type { Services } from '../app/services.ts'
import { fileFieldsOf } from '../processor/index.ts'
import type { BatchRow, ItemJobRow, PendingItemRow } from './batch.ts'
import { itemOfJob, pendingItem } from './batch-view.ts'

export interface ItemFilter {
  readonly statuses?: readonly BatchItemStatus[] | undefined
  /** Failed items with one of these codes. */
  readonly codes?: readonly string[] | undefined
}
type Reader = Pick<Services, 'database' | 'runners'>

/** Up to `limit` items after number `after`, in their order. */
export async function listItems(
  services: Reader,
  batch: BatchRow,
  filter: ItemFilter,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<readonly BatchItemView[]> {
  const files = fileNamesOf(services, batch)
  // Pending ones first: an item that becomes a job in between is then in both, and in neither it would be in no page.
  const pending = await pendingItems(services, batch, filter, after, limit)
  const jobs = await itemJobs(services, batch, filter, after, limit)
  const last = jobs.at(-1)?.batch_item ?? after
  return [
    ...jobs.map((row) => itemOfJob(row, files)),
    ...pending
      .filter(({ item }) => item > last)
      .map((row) => pendingItem(row, files, batch.cancelled_at !== null)),
  ].slice(0, limit)
}

/** Every item that is a job and that the filter lets through, page by page, as they are when it comes to them. */
export async function* eachItemJob(
  { database }: Pick<Services, 'database'>,
  batch: BatchRow,
  filter: ItemFilter,
  pageSize = 200,
): AsyncGenerator<readonly ItemJobRow[]> {
  for (let after = 0; ;) {
    const rows = await itemJobs({ database }, batch, filter, after, pageSize)
    if (rows.length > 0) yield rows
    if (rows.length < pageSize) return
    after = rows.at(-1)?.batch_item ?? after
    await new Promise(setImmediate)
  }
}

/** What the processor takes as files; of one that is not served any more, every input counts as a parameter. */
export function fileNamesOf({ runners }: Pick<Services, 'runners'>, batch: BatchRow) {
  const description = runners.get(batch.processor)?.description
  return new Set(description && fileFieldsOf(description.input).map(({ name }) => name))
}

async function itemJobs(
  { database }: Pick<Services, 'database'>,
  { id }: BatchRow,
  { statuses, codes }: ItemFilter,
  after: number,
  limit: number,
): Promise<readonly ItemJobRow[]> {
  if (codes !== undefined) {
    if (statuses?.includes('failed') === false) return []
    const params = [id, after, limit, JSON.stringify(codes)]
    return database.read<ItemJobRow>('batch.items-failed-with', params)
  }
  if (statuses === undefined) return database.read<ItemJobRow>('batch.items', [id, after, limit])
  // One index range per state, each in the order of the items, merged.
  const ranges = await Promise.all(
    [...new Set(statuses)]
      .filter((status) => status !== 'pending')
      .map((state) => database.read<ItemJobRow>('batch.items-in-state', [id, after, limit, state])),
  )
  return ranges
    .flat()
    .sort((a, b) => a.batch_item - b.batch_item)
    .slice(0, limit)
}

async function pendingItems(
  { database }: Pick<Services, 'database'>,
  { id, cancelled_at }: BatchRow,
  { statuses, codes }: ItemFilter,
  after: number,
  limit: number,
): Promise<readonly PendingItemRow[]> {
  const word = cancelled_at === null ? 'pending' : 'cancelled'
  if (codes !== undefined || statuses?.includes(word) === false) return []
  return database.read<PendingItemRow>('batch.pending', [id, after, limit])
}
