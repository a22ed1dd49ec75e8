import { setTimeout as sleep } from 'node:timers/promises'
import { isLonghaulError } from '../errors/index.ts'
import type { AttemptUsage, Lease } from '../jobs/engine.ts'
import type { PendingOutput } from '../jobs/job.ts'
import type { Storage } from '../storage/object-store.ts'
import type { Json } from '../support/json.ts'
import { faultPoint } from '../support/fault-point.ts'
import { publishedOutput } from './result-value.ts'
import { putProvenance } from './result-origin.ts'
import { dropCheckpoints } from './resume-job.ts'
import type { WorkerParts } from './worker-parts.ts'

/** What no second try mends: the upload is gone, or the name cannot be one beside the others. */
const forGood = new Set([
  'upload-not-found',
  'invalid-part',
  'invalid-file-name',
  'checksum-mismatch',
  'upload-complete',
])

/** What was recorded as `publishing`, by this attempt or by one that died over it. */
export interface Publication {
  readonly lease: Lease
  readonly result: Json
  readonly outputs: readonly PendingOutput[]
  readonly provenance?: string
  readonly usage?: AttemptUsage
  /** The job may have checkpoints in the store. */
  readonly hasCheckpoints?: boolean
}

/**
 * The second step of settling: completes every recorded upload, then the job. Each step may be repeated by any worker. A
 * store that fails for a moment must not cost the result: this tries again until `givenUp` says that somebody else shall.
 * Throws what no second try mends.
 */
export async function publish(
  parts: Pick<WorkerParts, 'config' | 'engine' | 'storage' | 'log'>,
  { lease, result, outputs, provenance, usage, hasCheckpoints = false }: Publication,
  givenUp: () => boolean,
): Promise<'settled' | 'given-up'> {
  const { engine, storage, log } = parts
  for (let pauseMs = 100; !givenUp(); pauseMs = Math.min(pauseMs * 2, 5000)) {
    try {
      for (const output of outputs) {
        faultPoint('worker.before-complete-output')
        await completeOutput(storage, output)
        faultPoint('worker.after-complete-output')
      }
      if (provenance !== undefined) await putProvenance(parts, lease.jobId, provenance)
      // Before the job ends, so that whoever repeats this finds them, and nobody looks for them ever after.
      if (hasCheckpoints) await dropCheckpoints(storage, lease)
      faultPoint('worker.before-settle')
      const value = { value: result, outputs: outputs.map(publishedOutput) }
      const completed = { kind: 'completed', result: value } as const
      await engine.settle([{ lease, outcome: completed, ...(usage ? { usage } : {}) }])
      faultPoint('worker.after-settle')
      return 'settled'
    } catch (error) {
      if (isLonghaulError(error) && forGood.has(error.code)) throw error
      log.warn({ err: error, job_id: lease.jobId }, 'publishing failed, trying again')
      await sleep(pauseMs)
    }
  }
  return 'given-up'
}

/** An upload that is gone counts as done when an object of that size and digest lies there. */
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
