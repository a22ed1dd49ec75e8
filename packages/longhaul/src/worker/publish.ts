import { isLonghaulError } from '../errors/index.ts'
import type { Lease, JobEngine } from '../jobs/engine.ts'
import type { PendingOutput } from '../jobs/job.ts'
import type { Storage } from '../storage/object-store.ts'
import type { Json } from '../support/json.ts'
import { faultPoint } from '../support/fault-point.ts'
import { publishedOutput } from './result-value.ts'

/**
 * The second step of settling: completes every recorded upload, then the job. Each step may be repeated by any worker:
 * completing is idempotent, and an upload that is gone counts as done when an object of that size and digest lies there.
 */
export async function publish(
  engine: JobEngine,
  storage: Storage,
  lease: Lease,
  result: Json,
  outputs: readonly PendingOutput[],
  usage?: { cpuMs?: number; peakRssBytes?: number; logKey?: string },
): Promise<'settled' | 'lost'> {
  for (const output of outputs) {
    faultPoint('worker.before-complete-output')
    await completeOutput(storage, output)
    faultPoint('worker.after-complete-output')
  }
  faultPoint('worker.before-settle')
  const completed = {
    kind: 'completed',
    result: { value: result, outputs: outputs.map(publishedOutput) },
  } as const
  const [verdict] = await engine.settle([
    { lease, outcome: completed, ...(usage ? { usage } : {}) },
  ])
  faultPoint('worker.after-settle')
  return verdict ?? 'lost'
}

async function completeOutput(storage: Storage, output: PendingOutput): Promise<void> {
  try {
    await storage.complete(output, output.parts, { sha256: output.sha256 })
  } catch (error) {
    if (!isLonghaulError(error, 'upload-not-found')) throw error
    const there = await storage.head(output.key)
    const same = there?.size === output.size && (there.sha256 ?? output.sha256) === output.sha256
    if (!same) throw error
  }
}
