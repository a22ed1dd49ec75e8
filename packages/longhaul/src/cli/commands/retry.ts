import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { forEachJob } from '../for-each-job.ts'
import { shortId } from '../format/job-line.ts'
import { openService } from '../service.ts'

export const retry = defineCommand({
  name: 'retry',
  usage: 'JOB…',
  summary: 'Runs finished jobs again under their own ids; attempts start clean.',
  options: {
    ...serviceOptions,
    'from-start': { type: 'boolean', help: 'forget checkpoints' },
  },
  async run({ words, options, ...context }) {
    const { output } = context
    const client = openService(context, options)
    return forEachJob(client, words, output, async (id) => {
      const job = await client.retry(id, options['from-start'] === true ? 'start' : 'checkpoint')
      output.data(job.job_id)
      output.object('job', job)
      output.say(`  ${job.processor} ${shortId(id)}  ${job.status}.  longhaul watch ${shortId(id)}`)
      return exitCode.done
    })
  },
})
