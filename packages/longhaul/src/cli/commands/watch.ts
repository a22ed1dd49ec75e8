import type { JobStatus } from '@longhaul/protocol'
import { durationMs } from '../arguments.ts'
import { defineCommand, serviceOptions } from '../command.ts'
import { exitCodeOfJobs } from '../exit-code.ts'
import { jobIdsOf, openService, waitSignal } from '../service.ts'
import { watchDetached } from '../watch-job.ts'

export const watch = defineCommand({
  name: 'watch',
  usage: 'JOB…',
  summary:
    'Follows jobs to their end. The exit code is theirs: 0 completed, 1 failed, 3 some failed, 4 cancelled.',
  more: 'Ctrl-C only stops looking: the work goes on. With --json: the events of the job as they come, then the job.',
  options: {
    ...serviceOptions,
    deadline: { type: 'string', value: 'TIME', help: 'look no longer than this, as in 90s or 2h' },
  },
  async run({ words, options, ...context }) {
    const signal = waitSignal(context, durationMs('deadline', options.deadline))
    const client = openService(context, options)
    const statuses: JobStatus[] = []
    for (const id of await jobIdsOf(client, words)) {
      const job = await watchDetached(client, id, context.output, signal)
      statuses.push(job.status)
    }
    return exitCodeOfJobs(statuses)
  },
})
