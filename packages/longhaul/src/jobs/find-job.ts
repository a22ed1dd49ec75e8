import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import type { Scope } from './engine.ts'
import type { Job, JobId } from './job.ts'

/** The job that a URL names. Others' jobs, and jobs of another processor than the URL's, are not there. */
export async function findJob(
  { engine }: Pick<Services, 'engine'>,
  { scope, params }: { readonly scope: Scope; readonly params: unknown },
): Promise<Job> {
  const { id } = params as { id: string }
  const [job] = await findJobs({ engine }, { scope, params }, [id])
  if (!job) throw jobNotFound(id)
  return job
}

/** Several jobs, in the order of their ids; throws for the first that is not there. */
export async function findJobs(
  { engine }: Pick<Services, 'engine'>,
  { scope, params }: { readonly scope: Scope; readonly params: unknown },
  ids: readonly JobId[],
): Promise<readonly Job[]> {
  const { processor } = params as { processor?: string }
  const found = new Map((await engine.get(ids, scope)).map((job) => [job.id, job]))
  return ids.map((id) => {
    const job = found.get(id)
    if (!job || (processor !== undefined && job.processor !== processor)) throw jobNotFound(id)
    return job
  })
}

export const jobNotFound = (id: string): LonghaulError =>
  new LonghaulError('job-not-found', `Job ${id.slice(0, 128)} not found`)
