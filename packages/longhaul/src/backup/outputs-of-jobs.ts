import type { JobEngine } from '../jobs/engine.ts'
import type { Job } from '../jobs/job.ts'

const pageSize = 500

/** Every object that a completed job names as its output. */
export async function* outputsOfJobs(
  engine: Pick<JobEngine, 'list'>,
): AsyncGenerator<{ readonly job_id: string; readonly key: string }> {
  for await (const job of jobsOf(engine, ['completed']))
    for (const { key } of job.result?.outputs ?? []) yield { job_id: job.id, key }
}

/** Newest first. */
export async function* jobsOf(
  engine: Pick<JobEngine, 'list'>,
  states: readonly Job['state'][],
): AsyncGenerator<Job> {
  let before: number | undefined
  do {
    const page = await engine.list(
      { scope: 'everyone', states },
      { limit: pageSize, ...(before === undefined ? {} : { before }) },
    )
    yield* page.jobs
    before = page.next
  } while (before !== undefined)
}
