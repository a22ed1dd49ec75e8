import { isFinished, type JobStatus } from '@longhaul/protocol'
import { parseByteSize } from '../../support/byte-size.ts'
import { batchIdOf, isBatchWord } from '../batches/batch-id.ts'
import { retryBatch } from '../batches/retry-batch.ts'
import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode, UsageError, type ExitCode } from '../exit-code.ts'
import { forEachJob } from '../for-each-job.ts'
import { shortId } from '../format/job-line.ts'
import { bulkOptions, checkedSelectors, forSelectedJobs, statusesOf } from '../select-jobs.ts'
import { openService } from '../service.ts'

export const retry = defineCommand({
  name: 'retry',
  usage: 'JOB… | BATCH… --failed | --status STATUS --processor NAME --since TIME --yes',
  summary:
    'Runs finished jobs again under their own ids, from their checkpoint where they have one.',
  more: `Instead of ids, selectors: those jobs are counted, and queued again with --yes. Completed ones only when --status names them.

longhaul retry --status failed --processor thumbs --since 2h
longhaul retry b_01k8 --failed --only out-of-memory --memory 12GB`,
  options: {
    ...serviceOptions,
    ...bulkOptions,
    failed: {
      type: 'boolean',
      help: 'of a batch: its failed items, which is all there is to retry',
    },
    only: {
      type: 'string',
      multiple: true,
      value: 'CLASS',
      help: 'of a batch: only items that failed so, as in out-of-memory; cancelled goes on after a cancel',
    },
    memory: {
      type: 'string',
      value: 'SIZE',
      help: 'what an attempt may hold from now on, as in 12GB; else what the processor says',
    },
    'from-start': { type: 'boolean', help: 'forget checkpoints' },
  },
  async run({ words, options, ...context }) {
    const { output } = context
    const client = openService(context, options)
    const { only } = options
    const fromStart = options['from-start'] === true
    if ((only !== undefined || options.failed === true) && !words.every(isBatchWord))
      throw new UsageError('--failed and --only choose items of batches; jobs have --status')
    const memoryBytes = sizeOf(options.memory)
    const again = async (id: string): Promise<ExitCode> => {
      if (isBatchWord(id))
        return retryBatch(
          client,
          await batchIdOf(client, id),
          { only, fromStart, memoryBytes },
          output,
        )
      const job = await client.retry(id, fromStart ? 'start' : 'checkpoint', { memoryBytes })
      output.data(job.job_id)
      output.object('job', job)
      output.say(`  ${job.processor} ${shortId(id)}  ${job.status}.  longhaul watch ${shortId(id)}`)
      return exitCode.done
    }
    if (words.length > 0) return forEachJob(client, words, output, again)
    const selectors = checkedSelectors(options)
    const named = statusesOf(options.status)
    const may = (one: JobStatus): boolean =>
      named.length > 0 ? isFinished(one) : one === 'failed' || one === 'cancelled'
    return forSelectedJobs(client, { options: selectors, output, verb: 'retry', may }, again)
  },
})

function sizeOf(text: string | undefined): number | undefined {
  try {
    return text === undefined ? undefined : parseByteSize(text)
  } catch (error) {
    throw new UsageError(`--memory: ${(error as Error).message}`)
  }
}
