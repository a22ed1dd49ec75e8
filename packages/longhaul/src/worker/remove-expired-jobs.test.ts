import { expect, it } from 'vitest'
import { LonghaulError } from '../errors/index.ts'
import type { JobFilter, JobPage, Page } from '../jobs/engine.ts'
import type { Job } from '../jobs/job.ts'
import { removeExpiredJobs } from './remove-expired-jobs.ts'

const day = 86_400_000
const now = 1000 * day

/** The list of an engine, newest first, as far as this needs one. */
function engineWith(jobs: Partial<Job>[]) {
  let pages = 0
  return {
    pages: () => pages,
    now: async () => now,
    list: async (_filter: JobFilter, { limit, before = Infinity }: Page): Promise<JobPage> => {
      pages++
      const found = jobs
        .filter(({ seq = 0 }) => seq < before)
        .sort((a, b) => (b.seq ?? 0) - (a.seq ?? 0))
        .slice(0, limit)
      return { jobs: found as Job[], total: jobs.length, totalIsEstimate: false }
    },
  }
}
const job = (seq: number, ageDays: number, ranDays = 0): Partial<Job> => ({
  seq,
  id: `j_${seq}`,
  createdAt: now - ageDays * day,
  completedAt: now - (ageDays - ranDays) * day,
})
const removedOf = async (engine: ReturnType<typeof engineWith>) => {
  const removed: string[] = []
  await removeExpiredJobs(engine, 7 * day, async (id) => void removed.push(id))
  return removed.sort()
}

it('deletes what ended before the retention, and nothing else', async () => {
  const engine = engineWith([job(1, 9), job(2, 8), job(3, 9, 5), job(4, 6), job(5, 1)])
  expect(await removedOf(engine)).toEqual(['j_1', 'j_2'])
})

it('finds old jobs above a long gap of deleted ones, without asking for each number', async () => {
  const engine = engineWith([job(1_000_000, 9), job(1_000_001, 1)])
  expect(await removedOf(engine)).toEqual(['j_1000000'])
  expect(engine.pages()).toBeLessThan(40)
})

it('overlooks none where many stand close together', async () => {
  const many = Array.from({ length: 1000 }, (_, index) => job(5000 + index, 9))
  expect(await removedOf(engineWith([...many, job(9000, 1)]))).toHaveLength(1000)
})

it('leaves a job that was retried meanwhile, and goes on', async () => {
  const engine = engineWith([job(1, 9), job(2, 9)])
  const removed = await removeExpiredJobs(engine, 7 * day, async (id) => {
    if (id === 'j_1') throw new LonghaulError('job-not-finished', 'It runs again.')
  })
  expect(removed).toBe(1)
})
