import type { BatchItemView } from '@longhaul/protocol'
import { batchIdOf } from '../batches/batch-id.ts'
import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { shortId } from '../format/job-line.ts'
import { count } from '../format/quantity.ts'
import { openService } from '../service.ts'

/** Names on the line of a class, for a person; a pipe gets every item. */
const shownNames = 3

export const failed = defineCommand({
  name: 'failed',
  usage: 'BATCH',
  summary: 'The failed items of a batch, by class of failure.',
  more: `On a terminal one line for each class; into a pipe one line for each item: class, name, what happened.

longhaul failed b_01k8 | cut -f2 | xargs ls -l`,
  options: serviceOptions,
  async run({ words: [word], options, ...context }) {
    if (word === undefined) throw new UsageError('Which batch? Give its id')
    const { output } = context
    const client = openService(context, options)
    const id = await batchIdOf(client, word)
    const { failures } = await client.batches.get(id)
    for (const [code, total] of Object.entries(failures)) {
      const names: string[] = []
      let first: BatchItemView | undefined
      for await (const item of client.batches.allItems(id, { code: [code] })) {
        first ??= item
        output.object('failed', { code, ...item })
        if (!output.terminal) output.data([code, item.name, sentenceOf(item)].join('\t'))
        else if (names.push(item.name) > shownNames) break
      }
      const some = names.slice(0, shownNames).join(' ')
      if (output.terminal && first !== undefined)
        output.data(
          `  ${count(total)} × ${code.padEnd(16)} ${sentenceOf(first)}  ${some}${names.length > shownNames ? ' …' : ''}`,
        )
    }
    output.say(
      Object.keys(failures).length === 0
        ? '  nothing of it has failed'
        : `  longhaul retry ${shortId(id)} --failed [--only CLASS]`,
    )
    return exitCode.done
  },
})

const sentenceOf = ({ problem }: BatchItemView): string =>
  (problem?.detail ?? '').split('\n')[0]!.slice(0, 200)
