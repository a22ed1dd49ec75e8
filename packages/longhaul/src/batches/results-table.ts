import type { BatchItemView } from '@longhaul/protocol'
import type { Services } from '../app/services.ts'
import type { BatchRow } from './batch.ts'
import { itemOfJob } from './batch-view.ts'
import { eachItemJob, fileNamesOf } from './list-items.ts'

const ended = ['completed', 'failed', 'cancelled'] as const

/**
 * Every item that has ended, a page at a time, in the order of the items. It is read from the jobs themselves: at any moment
 * the table is whole, and says nothing that is not so.
 */
async function* pagesOfResults(
  services: Pick<Services, 'database' | 'runners'>,
  batch: BatchRow,
): AsyncGenerator<readonly BatchItemView[]> {
  const files = fileNamesOf(services, batch)
  for await (const rows of eachItemJob(services, batch, { statuses: ended }))
    yield rows.map((row) => itemOfJob(row, files))
}

/** One line of JSON for each. */
export async function* resultsAsJsonLines(
  services: Pick<Services, 'database' | 'runners'>,
  batch: BatchRow,
): AsyncGenerator<string> {
  for await (const items of pagesOfResults(services, batch))
    yield items.map((item) => `${JSON.stringify(item)}\n`).join('')
}
