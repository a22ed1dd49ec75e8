import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { isTerminal } from '../jobs/job.ts'
import type { WorkerParts } from './worker-parts.ts'

/**
 * What dead attempts left: open uploads of jobs that have ended or are gone, and workspaces whose attempt no longer
 * runs. Never touches what a running attempt or a publication may still need.
 */
export async function collectLeftovers({
  config,
  engine,
  storage,
}: Pick<WorkerParts, 'config' | 'engine' | 'storage'>): Promise<void> {
  const prefix = `${config.resultsPrefix}/`
  const uploads = []
  for await (const upload of storage.listUploads(prefix)) uploads.push(upload)
  const jobOf = (key: string): string => key.slice(prefix.length).split('/')[0] ?? ''

  const work = path.join(config.dataDir, 'work')
  const workspaces = await readdir(work).catch(() => [])
  const attemptOf = (name: string) => {
    const dot = name.lastIndexOf('.')
    return { jobId: name.slice(0, dot), attempt: Number(name.slice(dot + 1)) }
  }

  const ids = new Set([
    ...uploads.map(({ key }) => jobOf(key)),
    ...workspaces.map((name) => attemptOf(name).jobId),
  ])
  if (ids.size === 0) return
  const jobs = new Map((await engine.get([...ids], 'everyone')).map((job) => [job.id, job]))

  for (const upload of uploads) {
    const job = jobs.get(jobOf(upload.key))
    if (!job || isTerminal(job.state)) await storage.abort(upload)
  }
  for (const name of workspaces) {
    const { jobId, attempt } = attemptOf(name)
    const job = jobs.get(jobId)
    const inUse = job?.state === 'running' && job.attempt === attempt
    if (!inUse) await rm(path.join(work, name), { recursive: true, force: true })
  }
}
