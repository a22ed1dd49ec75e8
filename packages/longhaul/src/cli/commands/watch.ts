import type { JobStatus } from '@longhaul/protocol'
import { batchIdOf, isBatchWord } from '../batches/batch-id.ts'
import { watchBatch } from '../batches/watch-batch.ts'
import { durationMs } from '../arguments.ts'
import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode, exitCodeOfJobs, type ExitCode } from '../exit-code.ts'
import { jobIdsOf, openService, waitSignal } from '../service.ts'
import { watchDetached } from '../watch-job.ts'

export const watch = defineCommand({
  name: 'watch',
  usage: 'JOB… | BATCH…',
  summary:
    'Follows jobs and batches to their end. The exit code is theirs: 0 completed, 1 failed, 3 some failed, 4 cancelled.',
  more: 'Ctrl-C only stops looking: the work goes on. With --json: the events of the job as they come, then the job.',
  options: {
    ...serviceOptions,
    deadline: { type: 'string', value: 'TIME', help: 'look no longer than this, as in 90s or 2h' },
  },
  async run({ words, options, ...context }) {
    const signal = waitSignal(context, durationMs('deadline', options.deadline))
    const client = openService(context, options)
    const codes: ExitCode[] = []
    for (const word of words.filter(isBatchWord)) {
      const id = await batchIdOf(client, word)
      codes.push(await watchBatch(client, id, { folder: undefined, signal }, context))
    }
    const jobs = words.filter((word) => !isBatchWord(word))
    if (jobs.length > 0 || codes.length === 0) {
      const statuses: JobStatus[] = []
      for (const id of await jobIdsOf(client, jobs)) {
        const job = await watchDetached(client, id, context.output, signal)
        statuses.push(job.status)
      }
      codes.push(exitCodeOfJobs(statuses))
    }
    const [first = exitCode.done] = codes
    return codes.every((code) => code === first) ? first : exitCode.someFailed
  },
})
