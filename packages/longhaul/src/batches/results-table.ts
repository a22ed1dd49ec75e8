import type { BatchItemView } from '@longhaul/protocol'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { parquetBytes } from '../writers/index.ts'
import type { BatchRow } from './batch.ts'
import { itemOfJob } from './batch-view.ts'
import { eachItemJob, fileNamesOf } from './list-items.ts'

const ended = ['completed', 'failed', 'cancelled'] as const
type Reader = Pick<Services, 'database' | 'runners'>

/**
 * Every item that has ended, a page at a time, in the order of the items. It is read from the jobs themselves: at any moment
 * the table is whole, and says nothing that is not so.
 */
async function* pagesOfResults(
  services: Reader,
  batch: BatchRow,
): AsyncGenerator<readonly BatchItemView[]> {
  const files = fileNamesOf(services, batch)
  for await (const rows of eachItemJob(services, batch, { statuses: ended }))
    yield rows.map((row) => itemOfJob(row, files))
}

/** One line of JSON for each. */
export async function* resultsAsJsonLines(
  services: Reader,
  batch: BatchRow,
): AsyncGenerator<string> {
  for await (const items of pagesOfResults(services, batch))
    yield items.map((item) => `${JSON.stringify(item)}\n`).join('')
}

/** What has no type of its own in a table (inputs, parameters, result, outputs) is a column of JSON. */
const row = z.object({
  item: z.int(),
  name: z.string(),
  status: z.string(),
  job_id: z.string().nullable(),
  inputs: z.array(z.unknown()),
  parameters: z.record(z.string(), z.unknown()),
  result: z.unknown(),
  outputs: z.array(z.unknown()),
  code: z.string().nullable(),
  error: z.string().nullable(),
  attempt: z.int(),
  created_at: z.date().nullable(),
  started_at: z.date().nullable(),
  completed_at: z.date().nullable(),
})

/** The same as a Parquet file. */
export const resultsAsParquet = (services: Reader, batch: BatchRow): AsyncIterable<Uint8Array> =>
  parquetBytes(row, rowsOf(services, batch), { name: 'the results' })

async function* rowsOf(services: Reader, batch: BatchRow): AsyncGenerator<z.infer<typeof row>> {
  for await (const items of pagesOfResults(services, batch))
    for (const { problem, created_at, started_at, completed_at, ...item } of items)
      yield {
        ...item,
        code: problem?.code ?? null,
        error: problem?.detail ?? null,
        created_at: dateOf(created_at),
        started_at: dateOf(started_at),
        completed_at: dateOf(completed_at),
      }
}

const dateOf = (text: string | null): Date | null => (text === null ? null : new Date(text))
