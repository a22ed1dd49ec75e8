import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { shortId } from '../format/job-line.ts'
import { forEachJob } from '../for-each-job.ts'
import { openService } from '../service.ts'

export const cancel = defineCommand({
  name: 'cancel',
  usage: 'JOB…',
  summary:
    'Stops jobs: a waiting one at once, a running one within seconds, with everything it started.',
  options: serviceOptions,
  async run({ words, options, ...context }) {
    const { output } = context
    const client = openService(context, options)
    return forEachJob(client, words, output, async (id) => {
      const job = await client.cancel(id)
      output.data(job.job_id)
      output.object('job', job)
      output.say(
        `  ${job.processor} ${shortId(id)}  ${job.status === 'cancelled' ? 'cancelled' : 'cancelling'}`,
      )
      return exitCode.done
    })
  },
})
