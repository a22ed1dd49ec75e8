import { isFinished, type JobProgress, type JobView } from '@longhaul/protocol'
import { barWithPercent } from './bar.ts'
import { count, duration, rate } from './quantity.ts'

/** Enough of an id to paste back: its time in milliseconds, without the random tail. */
export const shortId = (id: string): string =>
  /^[jb]_[0-9a-z]{26}$/.test(id) ? id.slice(0, 12) : id

/** A running job on one line: name, id, bar, what is done of how much, how fast, how long still. */
export function jobLine(job: JobView, now: number): string {
  const name = `${job.processor} ${shortId(job.job_id)}`
  if (isFinished(job.status)) return `${name}  ${endOf(job)}`
  if (job.cancel_requested_at !== null) return `${name}  cancelling`
  if (job.status !== 'running') return `${name}  ${waitOf(job, now)}`
  const { progress } = job
  const percent = progress === null ? undefined : percentOf(progress)
  const again = job.attempt > 1 ? [`attempt ${job.attempt}`] : []
  if (progress === null || percent === undefined) {
    const since = job.started_at === null ? [] : [duration(now - Date.parse(job.started_at))]
    return [
      name,
      'running',
      ...(progress === null ? [] : wordsOf(progress)),
      ...since,
      ...again,
    ].join('  ')
  }
  return [name, barWithPercent(percent), ...wordsOf(progress), ...speedOf(progress), ...again].join(
    '  ',
  )
}

/** How it ended, in words: `completed in 3.2 s`, `failed: …`. */
export function endOf(job: JobView): string {
  if (job.status === 'failed')
    return `failed: ${job.error ?? job.problem?.title ?? 'no reason was given'}`
  const ran =
    job.started_at !== null && job.completed_at !== null
      ? Date.parse(job.completed_at) - Date.parse(job.started_at)
      : undefined
  return job.status === 'completed' && ran !== undefined
    ? `completed in ${duration(ran)}`
    : job.status
}

function waitOf(job: JobView, now: number): string {
  const waited = duration(Math.max(0, now - Date.parse(job.created_at)))
  if (job.status === 'retry_wait')
    return `waits to try again (failed ${job.failures} of ${job.max_attempts} times)`
  return job.attempt > 0
    ? `queued again, attempt ${job.attempt} was lost`
    : `${job.status} ${waited}`
}

function percentOf({ percent, done, total }: JobProgress): number | undefined {
  if (percent !== null) return percent
  return done !== null && total !== null && total > 0 ? (done / total) * 100 : undefined
}

function wordsOf({ stage, message, done, total }: JobProgress): string[] {
  const counted =
    done === null ? undefined : total === null ? count(done) : `${count(done)}/${count(total)}`
  const words = [stage, counted, message === stage ? null : message].filter(Boolean).join(' ')
  return words === '' ? [] : [words]
}

function speedOf({ rate_per_second, eta_seconds, done, total }: JobProgress): string[] {
  const fast = rate_per_second !== null && rate_per_second > 0 ? rate_per_second : undefined
  const left = done !== null && total !== null ? Math.max(0, total - done) : undefined
  const eta = eta_seconds ?? (fast !== undefined && left !== undefined ? left / fast : undefined)
  return [
    ...(fast === undefined ? [] : [rate(fast)]),
    ...(eta === undefined || !Number.isFinite(eta)
      ? []
      : [`ETA ${duration(Math.max(1, Math.round(eta)) * 1000)}`]),
  ]
}
