import type { Job, Progress } from '../jobs/job.ts'
import { binResult } from '../results/index.ts'
import type { Json } from '../support/json.ts'

/** The last word of a batch job's progress, as clients of systems A and B know it (five-systems A.3, B.3). */
export function lastProgress(job: Pick<Job, 'id' | 'params'>, value: Json): Progress {
  const completed = { stage: 'completed', percent: 100 }
  if (job.params.family !== 'B') return completed
  const { bins, rois } = binResult(job, value, []).counts
  return {
    ...completed,
    detail: { processed_bins: bins, total_bins: bins, processed_rois: rois },
  }
}
