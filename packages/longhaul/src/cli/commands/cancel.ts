import type { Client } from '@longhaul/client'
import { isFinished } from '@longhaul/protocol'
import { batchIdOf, isBatchWord } from '../batches/batch-id.ts'
import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { shortId } from '../format/job-line.ts'
import { counted } from '../format/quantity.ts'
import { forEachJob } from '../for-each-job.ts'
import type { Output } from '../output.ts'
import { bulkOptions, checkedSelectors, forSelectedJobs } from '../select-jobs.ts'
import { openService } from '../service.ts'

export const cancel = defineCommand({
  name: 'cancel',
  usage: 'JOB… | BATCH… | --status STATUS --processor NAME --since TIME --yes',
  summary:
    'Stops jobs: a waiting one at once, a running one within seconds, with everything it started.',
  more: `Instead of ids, selectors: those jobs are counted, and stopped with --yes.

longhaul cancel --status queued --processor thumbs --since 2h`,
  options: { ...serviceOptions, ...bulkOptions },
  async run({ words, options, ...context }) {
    const { output } = context
    const client = openService(context, options)
    const stop = async (id: string): Promise<ExitCode> => {
      if (isBatchWord(id)) return stopBatch(client, id, output)
      const job = await client.cancel(id)
      output.data(job.job_id)
      output.object('job', job)
      output.say(
        `  ${job.processor} ${shortId(id)}  ${job.status === 'cancelled' ? 'cancelled' : 'cancelling'}`,
      )
      return exitCode.done
    }
    if (words.length > 0) return forEachJob(client, words, output, stop)
    return forSelectedJobs(
      client,
      {
        options: checkedSelectors(options),
        output,
        verb: 'cancel',
        may: (one) => !isFinished(one),
      },
      stop,
    )
  },
})

async function stopBatch(client: Client, word: string, output: Output): Promise<ExitCode> {
  const batch = await client.batches.cancel(await batchIdOf(client, word))
  output.data(batch.batch_id)
  output.object('batch', batch)
  const { completed } = batch.counts
  output.say(
    `  ${batch.processor} ${shortId(batch.batch_id)}  ${batch.status}; ${counted(completed, 'item')} completed and stay`,
  )
  return exitCode.done
}
