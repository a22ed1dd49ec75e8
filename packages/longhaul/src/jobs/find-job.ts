import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import type { Scope } from './engine.ts'
import type { Job } from './job.ts'

/** The job that a URL names. Others' jobs, and jobs of another processor than the URL's, are not there. */
export async function findJob(
  { engine }: Pick<Services, 'engine'>,
  { scope, params }: { readonly scope: Scope; readonly params: unknown },
): Promise<Job> {
  const { id, processor } = params as { id: string; processor?: string }
  const [job] = await engine.get([id], scope)
  if (!job || (processor !== undefined && job.processor !== processor)) throw jobNotFound(id)
  return job
}

export const jobNotFound = (id: string): LonghaulError =>
  new LonghaulError('job-not-found', `Job ${id.slice(0, 128)} not found`)
