import { isLonghaulError } from '../errors/index.ts'
import type { JobEngine } from '../jobs/engine.ts'
import type { Job, JobId, JobState } from '../jobs/job.ts'

const ended: readonly JobState[] = ['completed', 'failed', 'cancelled']
const pageSize = 200

/** Deletes finished jobs older than the retention, each by `remove`, which takes what they made with them. Answers how many. */
export async function removeExpiredJobs(
  engine: Pick<JobEngine, 'list' | 'now'>,
  retentionMs: number,
  remove: (id: JobId) => Promise<void>,
): Promise<number> {
  let removed = 0
  for await (const { id } of expiredJobs(engine, retentionMs)) {
    try {
      await remove(id)
      removed++
    } catch (error) {
      // Retried meanwhile: it stays, and makes its outputs anew.
      if (!isLonghaulError(error, 'job-not-finished')) throw error
    }
  }
  return removed
}

/**
 * Oldest first. Lists go from the newest down, so this asks for the jobs below a number that grows; with what has been
 * deleted already, the first pages are nearly empty and the steps get longer.
 */
async function* expiredJobs(
  engine: Pick<JobEngine, 'list' | 'now'>,
  retentionMs: number,
): AsyncGenerator<Job> {
  const newestToGo = (await engine.now()) - retentionMs
  const filter = { scope: 'everyone', states: ended } as const
  const [newest] = (await engine.list(filter, { limit: 1 })).jobs
  let step = pageSize
  for (let below = 0; newest !== undefined && below < newest.seq;) {
    const page = await engine.list(filter, { limit: pageSize, before: below + step + 1 })
    const jobs = page.jobs.filter(({ seq }) => seq > below)
    if (jobs.length === pageSize && step > pageSize) {
      step = pageSize // there may be more of them than a page holds
      continue
    }
    for (const job of jobs) if ((job.completedAt ?? Infinity) <= newestToGo) yield job
    // Those that follow were made later still.
    if (jobs.some(({ createdAt }) => createdAt > newestToGo)) return
    below += step
    if (jobs.length === 0) step *= 2
  }
}
