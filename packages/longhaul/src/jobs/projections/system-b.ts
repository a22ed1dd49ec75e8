import type { SystemBJob } from '@longhaul/protocol'
import { binResult } from '../../results/index.ts'
import type { JsonObject } from '../../support/json.ts'
import type { Job } from '../job.ts'
import { systemAJob } from './system-a.ts'

/** As system A has it, but for a result of one fixed shape and a progress of three fields. */
export const systemBJob = (job: Job): SystemBJob => ({
  ...systemAJob(job),
  result:
    job.state === 'completed' && job.result !== undefined
      ? binResult(job, job.result.value, job.result.outputs)
      : null,
  progress: progressOf(job),
})

/** Clients read `percent` as a number, and what else was said from `detail`. */
function progressOf({ progress }: Job): SystemBJob['progress'] {
  if (progress === undefined) return null
  const { stage = 'processing', percent = 0, message, done, total, detail } = progress
  const said = { message, done, total, ...detail }
  const known = Object.entries(said).filter(([, value]) => value !== undefined)
  return {
    stage,
    percent,
    detail: Object.fromEntries(known) as JsonObject,
  } as SystemBJob['progress']
}
