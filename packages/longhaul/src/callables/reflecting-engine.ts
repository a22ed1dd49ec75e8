import type { JobEngine } from '../jobs/engine.ts'
import { observeAttempts } from '../jobs/index.ts'
import type { JobId } from '../jobs/job.ts'
import type { RunDirectories } from './run-directories.ts'

/** The same engine for a worker, whose attempts of callables are seen in their run directories as they begin and end. */
export function reflectingEngine(
  engine: JobEngine,
  runs: Pick<RunDirectories, 'reflect' | 'reflectSoon'>,
): JobEngine {
  const ours = new Set<JobId>()
  return observeAttempts(engine, {
    began({ job }) {
      if (job.kind !== 'callable') return
      ours.add(job.id)
      runs.reflectSoon(job.id)
    },
    /** Nobody waits for it: the slot is free as soon as the database knows. */
    ended(id) {
      if (ours.delete(id)) void runs.reflect({ id })
    },
  })
}
