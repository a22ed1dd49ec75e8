import type { Client } from '@longhaul/client'
import type {
  JobView,
  ProcessorSummary,
  QueueList,
  ServiceStatus,
  WorkerView,
} from '@longhaul/protocol'

/** Everything that the operator's first look needs, asked for at once. */
export interface ServiceLook {
  readonly service: ServiceStatus
  readonly queues: QueueList
  readonly workers: readonly WorkerView[]
  readonly processors: readonly ProcessorSummary[]
  /** Running jobs without a sign of life for long. */
  readonly silent: readonly JobView[]
  readonly failures: readonly FailureGroup[]
}

/** Failures of one class in one version of a processor. */
export interface FailureGroup {
  readonly code: string
  readonly processor: string
  readonly version: string
  readonly count: number
  /** When the first of them ended. */
  readonly since: string
  readonly example: { readonly job_id: string; readonly error: string }
  /** Another version completes jobs and fails none like this. */
  readonly newWithVersion: boolean
}

const daySeconds = 24 * 60 * 60
/** More would not change what the operator does next. */
const mostJobs = 500

export async function lookAt(client: Client): Promise<ServiceLook> {
  const [service, queues, { workers }, processors, running, failed] = await Promise.all([
    client.operator.status(),
    client.operator.queues(daySeconds),
    client.operator.workers(),
    client.processors(),
    newest(client, { status: ['running'] }),
    newest(client, { status: ['failed'] }),
  ])
  const since = Date.parse(service.now) - daySeconds * 1000
  const recent = failed.filter((job) => Date.parse(job.completed_at ?? job.updated_at) >= since)
  return {
    service,
    queues,
    workers,
    processors,
    silent: running.filter(({ silent_since }) => silent_since !== null),
    failures: await groupFailures(client, recent),
  }
}

async function newest(client: Client, query: Parameters<Client['allJobs']>[0]): Promise<JobView[]> {
  const found: JobView[] = []
  for await (const job of client.allJobs({ ...query, limit: 100 })) {
    found.push(job)
    if (found.length >= mostJobs) break
  }
  return found
}

async function groupFailures(
  client: Client,
  failed: readonly JobView[],
): Promise<readonly FailureGroup[]> {
  const groups = new Map<string, JobView[]>()
  for (const job of failed) {
    const key = JSON.stringify([codeOf(job), job.processor, job.version])
    groups.set(key, [...(groups.get(key) ?? []), job])
  }
  const others = new Map<string, ReadonlySet<string>>()
  for (const processor of new Set(failed.map((job) => job.processor))) {
    const page = await client.jobs({ status: ['completed'], processor, limit: 100 })
    others.set(processor, new Set(page.jobs.map(({ version }) => version)))
  }
  return [...groups.values()]
    .map((jobs): FailureGroup => {
      const [job] = jobs as [JobView]
      const { processor, version } = job
      const code = codeOf(job)
      const works = [...(others.get(processor) ?? [])].some((one) => one !== version)
      const fails = failed.some(
        (one) => one.processor === processor && one.version !== version && codeOf(one) === code,
      )
      return {
        code,
        processor,
        version,
        count: jobs.length,
        since: jobs.map((one) => one.completed_at ?? one.updated_at).sort()[0] ?? '',
        example: { job_id: job.job_id, error: job.error ?? job.problem?.title ?? '' },
        newWithVersion: works && !fails,
      }
    })
    .sort((a, b) => b.count - a.count)
}

const codeOf = (job: JobView): string => job.problem?.code ?? 'unknown'
