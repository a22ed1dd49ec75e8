import type { FlowResult, FlowStatus, OperationResults, Problem } from '@longhaul/protocol'
import type { Services } from '../app/services.ts'
import type { Scope } from '../jobs/engine.ts'
import { publicProblem } from '../jobs/index.ts'
import type { JobParams, JobResult, JobState } from '../jobs/job.ts'
import { baseName } from './asset-names.ts'
import type { FoundOperation } from './find-operation.ts'
import { assetField } from './operation.ts'

interface FlowRow {
  readonly id: string
  readonly owner: string
  readonly processor: string
}
interface JobOfFlow extends FlowRow {
  readonly state: JobState
  readonly params: string
  readonly result: string | null
  readonly problem: string | null
}
interface PendingFlow extends FlowRow {
  readonly cancelled_at: number | null
  readonly input: string
}

const statuses: Readonly<Record<JobState, FlowStatus>> = {
  queued: 'PENDING',
  paused: 'PENDING',
  running: 'RUNNING',
  retry_wait: 'RETRYING',
  completed: 'COMPLETED',
  failed: 'FAILED',
  cancelled: 'CANCELLED',
}

/** What has come of these flows so far. An id that is asked for twice counts twice, and is answered once. */
export async function flowResults(
  services: Pick<Services, 'database' | 'storage'>,
  { processor, operation }: FoundOperation,
  flowIds: readonly string[],
  { scope, baseUrl }: { readonly scope: Scope; readonly baseUrl: string },
): Promise<OperationResults> {
  const { database } = services
  const asked = [JSON.stringify([...new Set(flowIds)])]
  const isMine = ({ owner, processor: name }: FlowRow) =>
    name === processor.name && (scope === 'everyone' || scope.owner === owner)
  // Items first: one that becomes a job in between is then in both, and in neither it would be unknown.
  const pending = await database.read<PendingFlow>('operation.pending', asked)
  const jobs = await database.read<JobOfFlow>('operation.jobs', asked)
  const found = new Map<string, FlowResult>()
  for (const flow of pending) if (isMine(flow)) found.set(flow.id, pendingFlow(flow))
  const signing = { expiresInSeconds: operation.url_lifetime_seconds, baseUrl }
  await Promise.all(
    jobs.filter(isMine).map(async (job) => {
      found.set(job.id, await flowOfJob(services, job, signing))
    }),
  )
  const all = flowIds.map((id) => found.get(id) ?? unknown(id))
  return {
    total_count: all.length,
    success_count: all.filter(({ success }) => success).length,
    results: Object.fromEntries(all.map((flow) => [flow.url, flow])),
  }
}

async function flowOfJob(
  { storage }: Pick<Services, 'storage'>,
  job: JobOfFlow,
  signing: { readonly expiresInSeconds: number; readonly baseUrl: string },
): Promise<FlowResult> {
  const { id, state, params, result, problem } = job
  const flow = { ...unfinished(id), status: statuses[state] }
  if (state !== 'completed' && state !== 'failed' && state !== 'cancelled') return flow
  const ended = { ...flow, original_url: assetOf((JSON.parse(params) as JobParams).input) }
  if (state === 'cancelled') return { ...ended, error: 'cancelled' }
  if (state === 'failed')
    return { ...ended, error: publicProblem(JSON.parse(problem ?? '{}') as Problem).detail }
  const [output] = (JSON.parse(result ?? '{"outputs":[]}') as JobResult).outputs
  if (output === undefined) return { ...ended, success: true }
  const fileName = baseName(output.key)
  const processed_url = await storage.objectUrl(output.key, { ...signing, fileName })
  return { ...ended, success: true, processed_url }
}

function pendingFlow({ id, cancelled_at, input }: PendingFlow): FlowResult {
  if (cancelled_at === null) return unfinished(id)
  const original_url = assetOf(JSON.parse(input) as JobParams['input'])
  return { ...unfinished(id), status: 'CANCELLED', error: 'cancelled', original_url }
}

function assetOf({ [assetField]: url }: JobParams['input']): string {
  return typeof url === 'string' ? url : 'unknown'
}

const unfinished = (id: string): FlowResult => ({
  ...{ url: id, success: false, status: 'PENDING', error: null },
  ...{ processed_url: null, original_url: null },
})

const unknown = (id: string): FlowResult => ({
  ...unfinished(id),
  status: 'UNKNOWN',
  error: 'Error checking flow: there is none with this id.',
  original_url: 'unknown',
})
