import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { isTerminal, type Job } from '../jobs/job.ts'
import type { WorkerParts } from './worker-parts.ts'

type Parts = Pick<WorkerParts, 'config' | 'engine' | 'storage'>

/**
 * What dead attempts left: open uploads and checkpoints of jobs that have ended or are gone, and workspaces whose attempt
 * no longer runs. Never touches what a running attempt, a publication or the retry of a failed job may still need. Called
 * again and again; each round looks at some of the checkpoints and goes on where the last one stopped.
 */
export function createLeftovers(parts: Parts, keysARound = 1000): { collect(): Promise<void> } {
  let after: string | undefined
  return {
    async collect() {
      await collectUploads(parts)
      after = await collectCheckpoints(parts, keysARound, after)
      await collectWorkspaces(parts)
    },
  }
}

/** A failed job may be retried from its checkpoint; every other end needs none. */
const needsCheckpoint = (job: Job | undefined): boolean =>
  job !== undefined &&
  (!isTerminal(job.state) || (job.state === 'failed' && job.checkpointAt !== undefined))

async function collectUploads({ config, engine, storage }: Parts): Promise<void> {
  const prefix = `${config.resultsPrefix}/`
  const uploads = []
  for await (const upload of storage.listUploads(prefix)) uploads.push(upload)
  const jobOf = (key: string): string => key.slice(prefix.length).split('/')[0] ?? ''
  const jobs = await jobsOf(
    engine,
    uploads.map(({ key }) => jobOf(key)),
  )
  for (const upload of uploads)
    if (!needsCheckpoint(jobs.get(jobOf(upload.key)))) await storage.abort(upload)
}

/** One page of the keys, so that the cost of a round does not grow with the store. Answers where the next one begins. */
async function collectCheckpoints(
  { engine, storage }: Parts,
  limit: number,
  after: string | undefined,
): Promise<string | undefined> {
  const page = await storage.list('jobs/', {
    limit,
    ...(after === undefined ? {} : { after }),
  })
  const found = page.objects.flatMap(({ key }) => {
    const [, jobId = '', kind, name = ''] = key.split('/')
    const attempt = Number(name.slice(name.lastIndexOf('.') + 1))
    return kind === 'checkpoints' ? [{ key, jobId, attempt }] : []
  })
  const jobs = await jobsOf(
    engine,
    found.map(({ jobId }) => jobId),
  )
  const gone = found.filter(({ jobId, attempt }) => {
    const job = jobs.get(jobId)
    // What a later attempt stores after we asked is none of ours to judge.
    return !needsCheckpoint(job) && (job === undefined || attempt <= job.attempt)
  })
  if (gone.length > 0) await storage.delete(gone.map(({ key }) => key))
  return page.next
}

async function collectWorkspaces({ config, engine }: Parts): Promise<void> {
  const work = path.join(config.dataDir, 'work')
  const workspaces = (await readdir(work).catch(() => [])).map((name) => {
    const dot = name.lastIndexOf('.')
    return { name, jobId: name.slice(0, dot), attempt: Number(name.slice(dot + 1)) }
  })
  const jobs = await jobsOf(
    engine,
    workspaces.map(({ jobId }) => jobId),
  )
  for (const { name, jobId, attempt } of workspaces) {
    const job = jobs.get(jobId)
    const inUse = job?.state === 'running' && job.attempt === attempt
    if (!inUse) await rm(path.join(work, name), { recursive: true, force: true })
  }
}

async function jobsOf(engine: Parts['engine'], ids: readonly string[]): Promise<Map<string, Job>> {
  if (ids.length === 0) return new Map()
  const jobs = await engine.get([...new Set(ids)], 'everyone')
  return new Map(jobs.map((job) => [job.id, job]))
}
