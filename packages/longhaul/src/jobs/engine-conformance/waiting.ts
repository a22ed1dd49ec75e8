import { describe, expect, it } from 'vitest'
import type { JobEngine, WaitInterval, WorkerInfo } from '../engine.ts'
import {
  claimUpTo,
  completed,
  failedWith,
  jobOf,
  leaseOf,
  newJob,
  running,
  settleOne,
  submitted,
  until,
  useEngine,
  worker,
  workerNamed,
  type OpenEngine,
} from './harness.ts'

const reasonNow = async (engine: JobEngine, id: string) => (await jobOf(engine, id)).waiting?.reason
const waitsOf = async (engine: JobEngine, id: string): Promise<readonly WaitInterval[]> =>
  (await engine.waits(id, 'everyone')) ?? []
const reasonsOf = async (engine: JobEngine, id: string) =>
  (await waitsOf(engine, id)).map(({ reason }) => reason)

/** Without a gap, an overlap or a rest: from the creation to the first start, or open. */
async function isWhole(engine: JobEngine, id: string): Promise<void> {
  const waits = await waitsOf(engine, id)
  const { createdAt, startedAt, completedAt } = await jobOf(engine, id)
  const end = startedAt ?? completedAt
  expect(waits[0]?.from).toBe(createdAt)
  waits.forEach(({ to, reason }, index) => {
    const next = waits[index + 1]
    expect(to).toBe(next === undefined ? end : next.from)
    expect(reason).not.toBe(next?.reason)
  })
}
/** Lets the clock move on, so that no interval of the test is empty. */
const tick = async (engine: JobEngine) => {
  const start = await engine.now()
  return until(async () => {
    const now = await engine.now()
    return now > start + 3 ? now : undefined
  })
}

export function waiting(open: OpenEngine): void {
  describe('a job that waits', () => {
    const its = useEngine(open, { leaseMs: 60_000, backoff: () => 60_000 })

    it('for a slot, says so, and its place in its lane', async () => {
      const { engine } = its
      const ids = await submitted(engine, newJob(), newJob(), newJob({ priority: 3 }))
      const waits = await Promise.all(ids.map(async (id) => (await jobOf(engine, id)).waiting))
      expect(waits).toMatchObject([
        { reason: 'slots', position: 0 },
        { reason: 'slots', position: 1 },
        { reason: 'slots', position: 2 },
      ])
      const page = await engine.list({ scope: 'everyone' }, { limit: 3 })
      expect(page.jobs.map((job) => job.waiting)).toEqual(waits.toReversed())
      await tick(engine)
      await claimUpTo(engine, 1)
      await isWhole(engine, ids[0] ?? '')
      expect(await jobOf(engine, ids[0] ?? '')).not.toHaveProperty('waiting')
      expect((await jobOf(engine, ids[1] ?? '')).waiting?.position).toBe(0)
    })

    it('while its queue is paused, in intervals that end when the pause does', async () => {
      const { engine } = its
      const [id = ''] = await submitted(engine, newJob())
      const pausedFrom = await tick(engine)
      await engine.setQueue('q', { paused: true })
      expect(await reasonNow(engine, id)).toBe('paused')
      const late = await submitted(engine, newJob())
      await tick(engine)
      const pausedTo = await engine.now()
      await engine.setQueue('q', { paused: false })
      const after = await tick(engine)
      await claimUpTo(engine, 2)
      expect(await reasonsOf(engine, id)).toEqual(['slots', 'paused', 'slots'])
      expect(await reasonsOf(engine, late[0] ?? '')).toEqual(['paused', 'slots'])
      const [, paused] = await waitsOf(engine, id)
      expect(paused?.from).toBeGreaterThanOrEqual(pausedFrom)
      expect(paused?.to).toBeGreaterThanOrEqual(pausedTo)
      expect(paused?.to).toBeLessThanOrEqual(after)
      await isWhole(engine, id)
      await isWhole(engine, late[0] ?? '')
    })

    it('for its time, then for a slot', async () => {
      const { engine } = its
      const [id = ''] = await submitted(engine, newJob({ delayMs: 30 }))
      expect(await reasonNow(engine, id)).toBe('delayed')
      await until(async () =>
        (await engine.sweep(), await reasonNow(engine, id)) === 'slots' ? 1 : undefined,
      )
      await tick(engine)
      await claimUpTo(engine, 1)
      expect(await reasonsOf(engine, id)).toEqual(['delayed', 'slots'])
      const [delayed] = await waitsOf(engine, id)
      expect((delayed?.to ?? 0) - (delayed?.from ?? 0)).toBeGreaterThanOrEqual(30)
      await isWhole(engine, id)
    })

    it('for another job, then for a slot', async () => {
      const { engine } = its
      const first = await running(engine)
      const [id = ''] = await submitted(engine, newJob({ dependsOn: [first.id] }))
      expect(await reasonNow(engine, id)).toBe('dependency')
      await tick(engine)
      await settleOne(engine, first.lease, completed)
      await tick(engine)
      await claimUpTo(engine, 1)
      expect(await reasonsOf(engine, id)).toEqual(['dependency', 'slots'])
      const { completedAt } = await jobOf(engine, first.id)
      expect((await waitsOf(engine, id))[0]?.to).toBe(completedAt)
      await isWhole(engine, id)
    })

    it('because its owner runs more than another who waits', async () => {
      const { engine } = its
      const mine = await running(engine)
      const [id = ''] = await submitted(engine, newJob())
      expect(await reasonNow(engine, id)).toBe('slots')
      await tick(engine)
      const [other = ''] = await submitted(engine, newJob({ owner: 'bob' }))
      expect(await reasonNow(engine, id)).toBe('owner-share')
      expect(await reasonNow(engine, other)).toBe('slots')
      await tick(engine)
      await claimUpTo(engine, 1)
      expect(await reasonNow(engine, id)).toBe('slots')
      await tick(engine)
      await settleOne(engine, mine.lease, completed)
      await claimUpTo(engine, 1)
      expect(await reasonsOf(engine, id)).toEqual(['slots', 'owner-share', 'slots'])
      await isWhole(engine, id)
    })

    it('because its owner is at a cap, which holds over all workers until it is taken away', async () => {
      const { engine } = its
      const other = await its.test.another()
      await engine.setQueue('q', { owner: 'ann', maxRunning: 2 })
      const ids = await submitted(engine, newJob(), newJob(), newJob(), newJob({ owner: 'bob' }))
      const claims = [
        ...(await claimUpTo(engine, 3)),
        ...(await claimUpTo(other, 3, 'q', workerNamed('w2'))),
      ]
      expect(claims.map(({ job }) => job.owner).toSorted()).toEqual(['ann', 'ann', 'bob'])
      const [, , last = ''] = ids
      expect(await reasonNow(engine, last)).toBe('owner-share')
      const view = (await engine.queues())[0]
      expect(view).not.toHaveProperty('maxRunning')
      expect(view?.owners[0]).toEqual({ owner: 'ann', queued: 1, running: 2, maxRunning: 2 })
      await engine.setQueue('q', { owner: 'ann', maxRunning: null })
      expect(await reasonNow(engine, last)).toBe('slots')
      expect(await claimUpTo(engine, 3)).toHaveLength(1)
      await isWhole(engine, last)
    })

    it('because its queue may start no more at present', async () => {
      const { engine } = its
      await engine.setQueue('q', { ratePerMinute: 60 })
      const [, second = ''] = await submitted(engine, newJob(), newJob())
      await until(async () => ((await claimUpTo(engine, 1)).length > 0 ? true : undefined))
      expect(await reasonNow(engine, second)).toBe('rate-limit')
      await engine.setQueue('q', { ratePerMinute: null })
      expect(await reasonNow(engine, second)).toBe('slots')
      await tick(engine)
      expect(await claimUpTo(engine, 1)).toHaveLength(1)
      expect(await reasonsOf(engine, second)).toContain('rate-limit')
      await isWhole(engine, second)
    })

    it('because every worker of its queue is short of disk', async () => {
      const { engine } = its
      const says = (one: WorkerInfo, holding?: 'disk') =>
        engine.touch({ ...one, queues: ['q'], ...(holding ? { holding } : {}) }, [])
      await says(worker)
      await says(workerNamed('w2'))
      const [id = ''] = await submitted(engine, newJob())
      await says(worker, 'disk')
      expect(await reasonNow(engine, id)).toBe('slots')
      await says(workerNamed('w2'), 'disk')
      expect(await reasonNow(engine, id)).toBe('disk')
      const [other = ''] = await submitted(engine, newJob({ queue: 'other' }))
      expect(await reasonNow(engine, other)).toBe('slots')
      await tick(engine)
      await says(worker)
      expect(await reasonNow(engine, id)).toBe('slots')
      await tick(engine)
      await claimUpTo(engine, 1)
      expect(await reasonsOf(engine, id)).toEqual(expect.arrayContaining(['disk', 'slots']))
      await isWhole(engine, id)
    })

    it('for the first of several reasons', async () => {
      const { engine } = its
      const first = await running(engine)
      await engine.setQueue('q', { paused: true })
      const [id = ''] = await submitted(engine, newJob({ dependsOn: [first.id], delayMs: 20 }))
      expect(await reasonNow(engine, id)).toBe('dependency')
      await settleOne(engine, first.lease, completed)
      expect(await reasonNow(engine, id)).toBe('delayed')
      await until(async () =>
        (await engine.sweep(), await reasonNow(engine, id)) === 'paused' ? 1 : undefined,
      )
      await tick(engine)
      await engine.setQueue('q', { paused: false, ratePerMinute: 1e-9 })
      expect(await reasonNow(engine, id)).toBe('rate-limit')
      await isWhole(engine, id)
    })

    it('tells the whole wait of one that ends without a start, and an open one until now', async () => {
      const { engine } = its
      const [id = ''] = await submitted(engine, newJob())
      await tick(engine)
      const [open] = await waitsOf(engine, id)
      expect(open).not.toHaveProperty('to')
      await engine.requestCancel([id], { scope: 'everyone' })
      await isWhole(engine, id)
    })

    it('for a retry is delayed, and a retry by its user waits anew', async () => {
      const { engine } = its
      const { id, lease } = await running(engine, { maxFailures: 2 })
      await settleOne(engine, lease, failedWith('policy'))
      const { waiting, updatedAt } = await jobOf(engine, id)
      expect(waiting).toMatchObject({ reason: 'delayed', since: updatedAt })
      await engine.requestCancel([id], { scope: 'everyone' })
      await tick(engine)
      await engine.retry([id], 'start')
      const job = await jobOf(engine, id)
      expect(job.waiting).toMatchObject({ reason: 'slots', since: job.updatedAt })
      expect((await waitsOf(engine, id))[0]?.from).toBe(job.updatedAt)
    })

    it("is nobody else's business", async () => {
      const { engine } = its
      const [id = ''] = await submitted(engine, newJob())
      expect(await engine.waits(id, { owner: 'bob' })).toBeUndefined()
      expect(await engine.waits('no-such-job', 'everyone')).toBeUndefined()
      expect(await engine.waits(id, { owner: 'ann' })).toHaveLength(1)
    })

    it('after a loss shows why now, and keeps the record of its first wait', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      const first = await waitsOf(engine, id)
      await engine.release([lease])
      const { waiting, updatedAt } = await jobOf(engine, id)
      expect(waiting).toEqual({ reason: 'slots', position: 0, since: updatedAt })
      await engine.setQueue('q', { paused: true })
      expect(await reasonNow(engine, id)).toBe('paused')
      expect(await waitsOf(engine, id)).toEqual(first)
      await engine.setQueue('q', { paused: false })
      expect(leaseOf((await claimUpTo(engine, 1))[0]).jobId).toBe(id)
    })
  })
}
