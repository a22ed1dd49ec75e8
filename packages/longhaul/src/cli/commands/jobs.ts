import { isFinished, type JobView } from '@longhaul/protocol'
import { wholeNumber } from '../arguments.ts'
import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { count, duration } from '../format/quantity.ts'
import { table } from '../format/table.ts'
import { selectedJobs, selectorOptions } from '../select-jobs.ts'
import { openService } from '../service.ts'

export const jobs = defineCommand({
  name: 'jobs',
  usage: '',
  summary: 'Lists jobs, newest first.',
  options: {
    ...serviceOptions,
    ...selectorOptions,
    limit: { type: 'string', value: 'N', help: 'at most so many; 20 unless said otherwise' },
    all: { type: 'boolean', help: 'every one' },
  },
  async run({ options, ...context }) {
    const { output } = context
    const limit = options.all === true ? Infinity : (wholeNumber('limit', options.limit, 1) ?? 20)
    const client = openService(context, options)

    const rows: string[][] = []
    let shown = 0
    for await (const job of selectedJobs(client, options, Math.min(limit, 100))) {
      output.object('job', job)
      rows.push(rowOf(job, Date.now()))
      if (++shown >= limit) break
    }
    const head = output.terminal ? [['JOB', 'PROCESSOR', 'STATUS', 'AGE', 'DONE', 'WHAT']] : []
    if (shown > 0) for (const line of table([...head, ...rows])) output.data(line)
    output.say(
      `  ${count(shown)} ${shown === 1 ? 'job' : 'jobs'}${shown === limit ? '; --all or --limit N for more' : ''}`,
    )
    return exitCode.done
  },
})

function rowOf(job: JobView, now: number): string[] {
  const percent = job.status === 'completed' ? 100 : job.progress?.percent
  const ran =
    job.started_at === null
      ? '-'
      : duration(
          (isFinished(job.status) ? Date.parse(job.completed_at ?? job.updated_at) : now) -
            Date.parse(job.started_at),
        )
  const what =
    job.status === 'failed'
      ? (job.error ?? '')
      : `${job.progress?.stage ?? ''} ${job.progress?.message ?? ''}`
  return [
    job.job_id,
    job.processor,
    job.cancel_requested_at !== null && !isFinished(job.status) ? 'cancelling' : job.status,
    duration(Math.max(0, now - Date.parse(job.created_at))),
    percent == null ? ran : `${Math.floor(percent)} % ${ran}`,
    what.replace(/\s+/g, ' ').trim().slice(0, 60),
  ]
}
