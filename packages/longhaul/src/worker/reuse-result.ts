import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Claim } from '../jobs/engine.ts'
import type { Job, JobId } from '../jobs/job.ts'
import type { ProcessorDescription } from '../processor/description.ts'
import type { Json } from '../support/json.ts'
import type { PendingOutputs } from './pending-outputs.ts'
import { unlinkResult } from './result-value.ts'
import type { StagedInputs } from './stage-inputs.ts'
import type { WorkerParts } from './worker-parts.ts'

export interface ReusedResult {
  readonly from: JobId
  /** As a processor would have said it. */
  readonly value: Json
}

/**
 * For a batch's item, once its files are here and so their digests are known: what an earlier job made of the same, copied as
 * if this attempt had made it. Other submissions are answered with the earlier job itself; an item has a job of its own.
 */
export async function reuseResult(
  { engine, findResult, storage, log }: WorkerParts,
  { lease, job }: { readonly lease: Claim['lease']; readonly job: Job },
  {
    description,
    staged,
    outputs,
    workspace,
  }: {
    readonly description: ProcessorDescription
    readonly staged: StagedInputs
    readonly outputs: PendingOutputs
    readonly workspace: string
  },
): Promise<ReusedResult | undefined> {
  // Whoever retries an item wants it to run.
  if (findResult === undefined || lease.attempt > 1 || !mayReuse(job, description)) return undefined
  try {
    const earlier = await findResult(job.owner, description, staged.input)
    if (earlier?.result === undefined) return undefined
    const folder = path.join(workspace, '.reused')
    await mkdir(folder, { recursive: true })
    for (const [n, { name, key, mediaType, items }] of earlier.result.outputs.entries()) {
      const file = path.join(folder, String(n))
      if (storage.materialize) await storage.materialize(key, file)
      else await pipeline((await storage.get(key)).body, createWriteStream(file))
      await outputs.take({ name, path: file, mediaType, ...(items === undefined ? {} : { items }) })
    }
    const text = `The result of ${earlier.id}, which follows from the same, is used.`
    await engine.append([{ lease, type: 'message', data: { text, job_id: earlier.id } }])
    return { from: earlier.id, value: unlinkResult(earlier.result.value, earlier.result.outputs) }
  } catch (error) {
    log.warn({ err: error, job_id: job.id }, 'an earlier result could not be used; the job runs')
    await outputs.abort()
    return undefined
  }
}

const mayReuse = ({ batch, params }: Job, { reuse }: ProcessorDescription): boolean =>
  batch !== undefined && reuse !== false && (params.reuse ?? reuse ?? false)
