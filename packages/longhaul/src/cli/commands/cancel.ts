import { isFinished } from '@longhaul/protocol'
import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { shortId } from '../format/job-line.ts'
import { forEachJob } from '../for-each-job.ts'
import { bulkOptions, checkedSelectors, forSelectedJobs } from '../select-jobs.ts'
import { openService } from '../service.ts'

export const cancel = defineCommand({
  name: 'cancel',
  usage: 'JOB… | --status STATUS --processor NAME --since TIME --yes',
  summary:
    'Stops jobs: a waiting one at once, a running one within seconds, with everything it started.',
  more: `Instead of ids, selectors: those jobs are counted, and stopped with --yes.

longhaul cancel --status queued --processor thumbs --since 2h`,
  options: { ...serviceOptions, ...bulkOptions },
  async run({ words, options, ...context }) {
    const { output } = context
    const client = openService(context, options)
    const stop = async (id: string): Promise<ExitCode> => {
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
