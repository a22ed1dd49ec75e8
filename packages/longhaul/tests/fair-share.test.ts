import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../src/app/index.ts'
import { openBackends, type Backends } from '../src/app/open-backends.ts'
import type { NewJob } from '../src/jobs/engine.ts'
import type { Job } from '../src/jobs/job.ts'
import { startServer, type ServerProcess } from './harness/server-process.ts'
import { drivers, shareData, type SharedData } from './harness/shared-data.ts'
import { until } from './harness/until.ts'

const workers = 4
const slotsEach = 3
const slots = workers * slotsEach
const processors = path.join(import.meta.dirname, 'fixtures/equal-work.ts')

describe.each(drivers)('four workers on %s', (driver) => {
  let data: SharedData
  let backends: Backends
  let servers: ServerProcess[]
  beforeAll(async () => {
    data = await shareData(driver)
    backends = await openBackends(readConfig(data.configFor(0), {}), {}, undefined)
    servers = []
  })
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.kill('SIGTERM')))
    await backends?.database.close()
    await data?.stop()
  })

  let made = 0
  async function submit(owner: string, count: number): Promise<void> {
    const jobs = Array.from({ length: count }, (): NewJob => {
      const id = `${owner}-${made++}`
      const what = { queue: 'equal', processor: 'equal', version: '1', kind: 'processor' } as const
      return { id, owner, params: { input: {} }, ...what }
    })
    for (let at = 0; at < count; at += 1000) await backends.engine.submit(jobs.slice(at, at + 1000))
  }

  async function startWorkers(): Promise<void> {
    servers = await Promise.all(
      Array.from({ length: workers }, (_, host) =>
        startServer({
          sources: [{ kind: 'file', path: processors }],
          config: { ...data.configFor(host), maxConcurrentJobs: slotsEach },
        }),
      ),
    )
  }

  async function jobsThat(state: 'completed' | 'running'): Promise<readonly Job[]> {
    const found: Job[] = []
    for (let before: number | undefined; ;) {
      const page = await backends.engine.list(
        { scope: 'everyone', states: [state] },
        { limit: 1000, ...(before !== undefined && { before }) },
      )
      found.push(...page.jobs)
      if (page.next === undefined) return found
      before = page.next
    }
  }
  const completed = async (owner?: string): Promise<number> =>
    (
      await backends.engine.list(
        { scope: owner === undefined ? 'everyone' : { owner }, states: ['completed'] },
        { limit: 1 },
      )
    ).total

  it(
    'let the ten jobs of one owner start beside the ten thousand of another, then give three owners equal shares',
    { timeout: 400_000 },
    async () => {
      await submit('ann', 10_000)
      await startWorkers()
      await until('work under way', async () => (await completed()) >= 2 * slots)
      await submit('bob', 10)
      await until('the end of the ten', async () => (await completed('bob')) === 10, 90_000)

      const jobs = [...(await jobsThat('completed')), ...(await jobsThat('running'))]
      const bobs = jobs.filter(({ owner }) => owner === 'bob')
      // In jobs' time: what started between the submission and the start of a job, over the slots that start jobs.
      const waits = bobs.map((bob) => {
        const earlier = jobs.filter(
          ({ startedAt = Infinity, seq }) =>
            startedAt > bob.createdAt &&
            (startedAt < startOf(bob) || (startedAt === startOf(bob) && seq < bob.seq)),
        )
        return earlier.length / slots
      })
      const [fifth = NaN, sixth = NaN] = waits.sort((a, b) => a - b).slice(4, 6)
      expect((fifth + sixth) / 2).toBeLessThanOrEqual(2)
      // By order of arrival alone it would be more than eight hundred.
      expect(await completed('ann')).toBeLessThan(7_000)

      await submit('bob', 2_000)
      await submit('cat', 1_500)
      const began = await backends.engine.now()
      const before = await completed()
      await until('2,000 completions', async () => (await completed()) >= before + 2_000, 200_000)

      const done = (await jobsThat('completed'))
        .filter((job) => endOf(job) > began)
        .toSorted((a, b) => endOf(a) - endOf(b))
      const end = endOf(done[1_999] as Job)
      const busy: Record<string, number> = {}
      for (const job of [...done, ...(await jobsThat('running'))]) {
        const ms = Math.min(endOf(job), end) - Math.max(startOf(job), began)
        if (ms > 0) busy[job.owner] = (busy[job.owner] ?? 0) + ms
      }
      const all = Object.values(busy).reduce((sum, ms) => sum + ms, 0)
      const shares = ['ann', 'bob', 'cat'].map((owner) => (busy[owner] ?? 0) / all)
      for (const share of shares) expect(Math.abs(share * 3 - 1)).toBeLessThanOrEqual(0.05)
      expect(await backends.engine.recount()).toEqual([])
    },
  )
})

const startOf = ({ startedAt }: Job): number => startedAt ?? NaN
const endOf = ({ completedAt }: Job): number => completedAt ?? Infinity
