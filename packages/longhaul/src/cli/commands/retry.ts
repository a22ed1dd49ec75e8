import { isFinished, type JobStatus } from '@longhaul/protocol'
import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { forEachJob } from '../for-each-job.ts'
import { shortId } from '../format/job-line.ts'
import { bulkOptions, checkedSelectors, forSelectedJobs, statusesOf } from '../select-jobs.ts'
import { openService } from '../service.ts'

export const retry = defineCommand({
  name: 'retry',
  usage: 'JOB… | --status STATUS --processor NAME --since TIME --yes',
  summary:
    'Runs finished jobs again under their own ids, from their checkpoint where they have one.',
  more: `Instead of ids, selectors: those jobs are counted, and queued again with --yes. Completed ones only when --status names them.

longhaul retry --status failed --processor thumbs --since 2h`,
  options: {
    ...serviceOptions,
    ...bulkOptions,
    'from-start': { type: 'boolean', help: 'forget checkpoints' },
  },
  async run({ words, options, ...context }) {
    const { output } = context
    const client = openService(context, options)
    const again = async (id: string): Promise<ExitCode> => {
      const job = await client.retry(id, options['from-start'] === true ? 'start' : 'checkpoint')
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
