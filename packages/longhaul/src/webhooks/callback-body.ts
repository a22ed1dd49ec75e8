import type { CallbackType } from '@longhaul/protocol'
import type { Job } from '../jobs/job.ts'
import { projectJob } from '../jobs/index.ts'

/**
 * The job as `GET /jobs/{id}` tells it to the clients that made it. Receivers of system B know the result's own fields at
 * the top, so there they are for jobs of a manifest or an ingest; the job's fields win over theirs.
 */
export function callbackBody(job: Job): string {
  const view = projectJob(job, undefined)
  const { result } = view
  const isNamed = typeof result === 'object' && result !== null && !Array.isArray(result)
  const fields = job.kind === 'batch' && isNamed ? result : {}
  const type = `job.${job.state}` as CallbackType
  return JSON.stringify({ ...fields, ...view, type })
}
