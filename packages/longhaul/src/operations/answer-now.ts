import type { Services } from '../app/services.ts'
import { cancelBatch, findBatch, type Member } from '../batches/index.ts'
import { LonghaulError } from '../errors/index.ts'
import { isTerminal, type Job, type JobOutput } from '../jobs/job.ts'
import type { JobWatch } from '../jobs/index.ts'
import { publicProblem } from '../jobs/index.ts'
import { entryName } from './asset-names.ts'
import type { FoundOperation } from './find-operation.ts'

/** One asset of a request that waits: its job as it was when the waiting ended. */
export interface WaitedAsset {
  readonly url: string
  readonly flowId: string
  readonly job: Job | undefined
}

export async function waitForAssets(
  watch: JobWatch,
  urls: readonly string[],
  flowIds: readonly string[],
  waitMs: number,
): Promise<readonly WaitedAsset[]> {
  return Promise.all(
    urls.map(async (url, n) => {
      const flowId = flowIds[n] ?? ''
      return { url, flowId, job: await watch.waitForEnd(flowId, waitMs) }
    }),
  )
}

/** Cancels the work when its caller leaves while it is waited for; what has ended stays as it is. */
export async function orCancel<T>(
  services: Pick<Services, 'database' | 'engine' | 'log'>,
  batchId: string,
  gone: AbortSignal,
  waited: Promise<T>,
): Promise<T> {
  const cancel = async (): Promise<void> => {
    try {
      const named = { params: { id: batchId }, scope: 'everyone' } as const
      await cancelBatch(services, await findBatch(services, named))
    } catch (error) {
      services.log.warn({ err: error, batch_id: batchId }, 'nobody waits for it, and it goes on')
    }
  }
  const heed = (): void => void cancel()
  if (gone.aborted) heed()
  gone.addEventListener('abort', heed)
  try {
    return await waited
  } finally {
    gone.removeEventListener('abort', heed)
  }
}

export const outputOf = ({ job }: WaitedAsset): JobOutput | undefined =>
  job?.state === 'completed' ? job.result?.outputs[0] : undefined

/** Why there is no answer about an asset; one that is still worked on is named, so that it can be fetched later. */
export function whyNone({ job, flowId }: WaitedAsset, operations: string): LonghaulError {
  const facts = { flow_id: flowId }
  if (job === undefined || !isTerminal(job.state))
    return new LonghaulError(
      'operation-timeout',
      `It is not done yet; it goes on. Ask POST /api/v2/${operations}/results for flow ${flowId} later.`,
      { facts },
    )
  if (job.problem === undefined)
    return new LonghaulError('cancelled', 'The operation was cancelled.', { facts })
  const { code, detail } = publicProblem(job.problem)
  return new LonghaulError(code, detail, { facts })
}

/** The successes under names of their own, then `manifest.json` about all. */
export async function* membersOf(
  { storage }: Pick<Services, 'storage'>,
  { operation }: FoundOperation,
  assets: readonly WaitedAsset[],
): AsyncGenerator<Member> {
  const operations = operation.slugs[0]?.plural ?? ''
  const results: object[] = []
  for (const [index, asset] of assets.entries()) {
    const output = outputOf(asset)
    const file = output && entryName(operation.files.entry, index + 1, asset.url, output.mediaType)
    const failure = output === undefined ? whyNone(asset, operations) : undefined
    results.push({
      ...{ n: index + 1, url: asset.url, flow_id: asset.flowId, file: file ?? null },
      ...{ success: output !== undefined, error: failure?.message ?? null },
      code: failure?.code ?? null,
    })
    if (output === undefined || file === undefined) continue
    const { body } = await storage.get(output.key)
    const modified = new Date(asset.job?.completedAt ?? 0)
    yield { name: file, sizeBytes: output.size, modified, bytes: body as AsyncIterable<Uint8Array> }
  }
  const success_count = assets.filter(outputOf).length
  const manifest = Buffer.from(
    JSON.stringify({ total_count: assets.length, success_count, results }, undefined, 2),
  )
  yield {
    ...{ name: 'manifest.json', sizeBytes: manifest.length, modified: new Date() },
    bytes: (async function* () {
      yield manifest
    })(),
  }
}
