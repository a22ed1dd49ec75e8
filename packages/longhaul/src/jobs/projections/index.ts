import type { JobView, SystemAJob } from '@longhaul/protocol'
import type { Job } from '../job.ts'
import { nativeJob } from './native.ts'
import { systemAJob } from './system-a.ts'

export { iso, isoOrNull, nativeJob, nativeOutput, nativeProgress, publicProblem } from './native.ts'
export { systemAJob, systemAStatus } from './system-a.ts'

/** One job in the words of the clients that made it; `native` in canonical words, whoever made it. */
export const projectJob = (job: Job, view: 'native' | undefined): JobView | SystemAJob =>
  view === 'native' || job.kind !== 'batch' ? nativeJob(job) : systemAJob(job)
export { nativeQueue, nativeWaits, nativeWorker } from './operator.ts'
