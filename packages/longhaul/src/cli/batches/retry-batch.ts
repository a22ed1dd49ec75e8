import type { Client } from '@longhaul/client'
import { catalogue } from '@longhaul/protocol'
import { didYouMean } from '../../support/nearest.ts'
import { exitCode, UsageError, type ExitCode } from '../exit-code.ts'
import { shortId } from '../format/job-line.ts'
import { counted } from '../format/quantity.ts'
import type { Output } from '../output.ts'

/** Queues failed items of a batch again, all or those of some classes. */
export async function retryBatch(
  client: Client,
  id: string,
  {
    only,
    fromStart,
    memoryBytes,
  }: {
    readonly only: readonly string[] | undefined
    readonly fromStart: boolean
    readonly memoryBytes: number | undefined
  },
  output: Output,
): Promise<ExitCode> {
  const classes = only?.flatMap((words) => words.split(','))
  const { retried, batch } = await client.batches.retry(id, {
    ...(classes === undefined ? {} : { only: classes.map(checkedClass) }),
    ...(fromStart ? { from: 'start' } : {}),
    ...(memoryBytes === undefined ? {} : { memory_bytes: memoryBytes }),
  })
  output.data(batch.batch_id)
  output.object('batch', batch)
  output.say(
    retried === 0
      ? `  nothing of it has failed${classes === undefined ? '' : ` with ${classes.join(', ')}`}`
      : `  ${counted(retried, 'item')} queued again.  longhaul watch ${shortId(id)}`,
  )
  return exitCode.done
}

function checkedClass(word: string): string {
  const known = Object.keys(catalogue)
  if (known.includes(word)) return word
  throw new UsageError(`There is no class of failure ${word}${didYouMean(word, known)}`)
}
