import { isServiceError, type Client } from '@longhaul/client'
import { isFinished, type JobCache, type JobView, type JobWaits } from '@longhaul/protocol'
import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { shortId } from '../format/job-line.ts'
import { count, duration } from '../format/quantity.ts'
import { table } from '../format/table.ts'
import { explainState } from '../operator/explain-end.ts'
import {
  explainWait,
  startEstimateMs,
  type Explained,
  type WaitingJob,
} from '../operator/explain-wait.ts'
import { jobIdOf, openService } from '../service.ts'

export const why = defineCommand({
  name: 'why',
  usage: 'JOB',
  summary: 'Why a job waits, or waited, or ended as it did, and what would help.',
  more: `The intervals sum to the wait before its first start: they were recorded when the reason changed.
A time of start is given only where enough jobs have ended to know.`,
  options: serviceOptions,
  async run({ words: [word], options, ...context }) {
    if (word === undefined)
      throw new UsageError('Which job? Give its id; `longhaul jobs` lists them')
    const { output } = context
    const client = openService(context, options)
    const id = await jobIdOf(client, word)
    const [job, waits, cache] = await Promise.all([
      client.job(id),
      client.waits(id),
      cacheOf(client, id),
    ])
    const now = Date.parse(waits.now)
    const waiting = job.waiting === null ? undefined : await surroundingsOf(client, job, now)
    const explained =
      waiting === undefined || job.waiting === null
        ? explainState(job, now)
        : explainWait(job.waiting.reason, waiting)
    const startsInMs = waiting === undefined ? undefined : startEstimateMs(waiting)

    const starts_in_ms = startsInMs ?? null
    output.object('why', { job, ...waits, ...explained, starts_in_ms, cache: cache ?? null })
    output.data(headOf(job, waits))
    for (const line of table(waits.intervals.map(intervalRow))) output.data(line)
    output.data(`  ${explained.because}`)
    if (startsInMs !== undefined)
      output.data(`  starts in about ${duration(startsInMs)}, if jobs take as long as today`)
    for (const line of cureLines(explained)) output.data(line)
    if (cache !== undefined && cache.outcome !== 'not-asked')
      output.data(`  no earlier result was used: ${cache.reason}`)
    return exitCode.done
  },
})

/** A service that is older than the question does not know. */
async function cacheOf(client: Client, id: string): Promise<JobCache | undefined> {
  try {
    return await client.cache(id)
  } catch (error) {
    if (isServiceError(error) && error.status === 404) return undefined
    throw error
  }
}

async function surroundingsOf(client: Client, job: JobView, now: number): Promise<WaitingJob> {
  const dependencies: JobView[] = []
  for (const id of job.depends_on.slice(0, 5)) {
    const found = await client.job(id).catch((error: unknown) => {
      if (isServiceError(error, 'job-not-found')) return undefined
      throw error
    })
    if (found !== undefined) dependencies.push(found)
  }
  try {
    const [{ queues }, { workers }] = await Promise.all([
      client.operator.queues(),
      client.operator.workers(),
    ])
    return {
      job,
      queue: queues.find(({ queue }) => queue === job.queue),
      workers,
      dependencies,
      now,
    }
  } catch (error) {
    // A key that is not the operator's still learns the reason, without what others do.
    if (!isServiceError(error, 'forbidden')) throw error
    return { job, queue: undefined, workers: [], dependencies, now }
  }
}

function headOf(job: JobView, { waited_ms }: JobWaits): string {
  const name = `${job.processor} ${shortId(job.job_id)}`
  const ahead = job.waiting === null ? '' : `, ${count(job.waiting.position)} ahead`
  const waited =
    job.started_at === null && !isFinished(job.status)
      ? `has waited ${duration(waited_ms)}`
      : `waited ${duration(waited_ms)} before its first start`
  return `${name}  ${job.status}, ${waited}${ahead}`
}

const intervalRow = ({
  reason,
  from,
  to,
  duration_ms,
}: JobWaits['intervals'][number]): string[] => [
  `  ${duration(duration_ms)}`,
  reason,
  `${from.slice(11, 19)} – ${to === null ? 'now' : to.slice(11, 19)} UTC`,
]

const cureLines = ({ cures }: Explained): string[] =>
  cures.map((cure, at) => `  ${at === 0 ? 'try ' : 'or  '} ${cure}`)
