import { isFinished, jobStatuses, type JobStatus, type JobView } from '@longhaul/protocol'
import { wholeNumber } from '../arguments.ts'
import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { count, duration } from '../format/quantity.ts'
import { table } from '../format/table.ts'
import { didYouMean } from '../../support/nearest.ts'
import { openService } from '../service.ts'

export const jobs = defineCommand({
  name: 'jobs',
  usage: '',
  summary: 'Lists jobs, newest first.',
  options: {
    ...serviceOptions,
    status: {
      type: 'string',
      multiple: true,
      value: 'STATUS',
      help: `only these: ${jobStatuses.join(', ')}`,
    },
    processor: { type: 'string', value: 'NAME', help: 'only of this processor' },
    limit: { type: 'string', value: 'N', help: 'at most so many; 20 unless said otherwise' },
    all: { type: 'boolean', help: 'every one' },
  },
  async run({ options, ...context }) {
    const { output } = context
    const limit = options.all === true ? Infinity : (wholeNumber('limit', options.limit, 1) ?? 20)
    const status = (options.status ?? []).flatMap((words) => words.split(',')).map(statusOf)
    const client = openService(context, options)
    const query = { status, processor: options.processor, limit: Math.min(limit, 100) }

    const rows: string[][] = []
    let shown = 0
    for await (const job of client.allJobs(query)) {
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

function statusOf(word: string): JobStatus {
  const found = jobStatuses.find((status) => status === word)
  if (found !== undefined) return found
  throw new UsageError(
    `There is no status ${word}${didYouMean(word, jobStatuses) || `; there is ${jobStatuses.join(', ')}`}`,
  )
}

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
