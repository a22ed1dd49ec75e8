import type { CallableJob, JobView, SystemAJob, SystemBJob } from '@longhaul/protocol'
import type { Job } from '../job.ts'
import { nativeJob } from './native.ts'
import { systemAJob } from './system-a.ts'
import { systemBJob } from './system-b.ts'
import { systemDJob } from './system-d.ts'

export { iso, isoOrNull, nativeJob, nativeOutput, nativeProgress, publicProblem } from './native.ts'
export { systemAJob, systemAStatus } from './system-a.ts'
export { systemBJob } from './system-b.ts'
export { statesOfSystemD, systemDJob, systemDStatus } from './system-d.ts'

/** One job in the words of the clients that made it; `native` in canonical words, whoever made it. */
export const projectJob = (
  job: Job,
  view: 'native' | undefined,
): JobView | SystemAJob | SystemBJob | CallableJob => {
  if (view === 'native') return nativeJob(job)
  if (job.kind === 'callable') return systemDJob(job)
  return job.kind === 'batch' ? fourWordJob(job) : nativeJob(job)
}

/** In the four words of systems A and B, whoever made it: what a list tells clients that know no others. */
export const fourWordJob = (job: Job): SystemAJob | SystemBJob =>
  job.params.family === 'B' ? systemBJob(job) : systemAJob(job)
export { nativeQueue, nativeWaits, nativeWorker } from './operator.ts'
