import { describe, expect, it } from 'vitest'
import { isLonghaulError } from '../../errors/index.ts'
import {
  claimUpTo,
  completed,
  failedWith,
  jobOf,
  newJob,
  running,
  settleOne,
  submitted,
  sweptAway,
  useEngine,
  worker,
  workerNamed,
  type OpenEngine,
} from './harness.ts'

export function upkeep(open: OpenEngine): void {
  describe('queues', () => {
    const its = useEngine(open, { backoff: () => 60_000 })

    it('show what waits and runs, whose it is, and since when', async () => {
      const { engine } = its
      const failing = await running(engine, { maxFailures: 2, owner: 'cat' })
      await settleOne(engine, failing.lease, failedWith('policy'))
      await running(engine)
      const [oldest = ''] = await submitted(
        engine,
        newJob({ owner: 'bob' }),
        newJob({ delayMs: 60_000 }),
      )
      const { createdAt } = await jobOf(engine, oldest)
      expect(await engine.queues()).toEqual([
        {
          ...{ queue: 'q', queued: 2, running: 1, retryWait: 1, paused: false },
          oldestReadyAt: createdAt,
          owners: [
            { owner: 'ann', queued: 1, running: 1 },
            { owner: 'bob', queued: 1, running: 0 },
            { owner: 'cat', queued: 0, running: 0 },
          ],
        },
      ])
    })

    it('keep a limit until it is changed or taken away, each by itself', async () => {
      const { engine } = its
      const limits = async () => {
        const [view] = await engine.queues()
        return [view?.paused, view?.maxRunning, view?.ratePerMinute]
      }
      await engine.setQueue('q', { maxRunning: 3, ratePerMinute: 90 })
      expect(await limits()).toEqual([false, 3, 90])
      await engine.setQueue('q', { paused: true })
      await engine.setQueue('q', { maxRunning: null })
      expect(await limits()).toEqual([true, undefined, 90])
      await engine.setQueue('q', { paused: false, ratePerMinute: null })
      expect(await limits()).toEqual([false, undefined, undefined])
      await submitted(engine, newJob(), newJob())
      expect(await claimUpTo(engine, 5)).toHaveLength(2)
    })

    it('know the waits and runs of their finished jobs', async () => {
      const { engine } = its
      const before = await engine.now()
      for (const outcome of [completed, failedWith('never'), completed])
        await settleOne(engine, (await running(engine)).lease, outcome)
      const [cancelled = ''] = await submitted(engine, newJob({ queue: 'other' }))
      await engine.requestCancel([cancelled], { scope: 'everyone' })
      const [other, q] = await engine.history(before)
      expect(other).toEqual({ queue: 'other', finished: 1, failed: 0 })
      expect(q).toMatchObject({ queue: 'q', finished: 3, failed: 1 })
      for (const time of [q?.waitP50, q?.waitP95, q?.runP50, q?.runP95])
        expect(time).toBeGreaterThanOrEqual(0)
      expect(q?.runP95).toBeGreaterThanOrEqual(q?.runP50 ?? 0)
      expect(await engine.history((await engine.now()) + 1)).toEqual([])
    })
  })

  describe('room', () => {
    const its = useEngine(open, { maxQueuedPerOwner: 3, maxQueued: 4 })
    const isFull = (error: unknown) => isLonghaulError(error, 'queue-full')

    it('can be asked for before anything is sent, with the answer that submit would give', async () => {
      const { engine } = its
      await engine.checkRoom('ann', 3)
      await expect(engine.checkRoom('ann', 4)).rejects.toSatisfy(isFull)
      await submitted(engine, newJob(), newJob())
      await engine.checkRoom('ann', 1)
      await expect(engine.checkRoom('ann', 2)).rejects.toSatisfy(isFull)
      await expect(engine.checkRoom('bob', 3)).rejects.toSatisfy(isFull)
      await engine.checkRoom('bob', 2)
    })

    it('is always there for dependants', async () => {
      const { engine } = its
      const [first = ''] = await submitted(engine, newJob(), newJob(), newJob())
      await submitted(engine, newJob({ dependsOn: [first] }), newJob({ dependsOn: [first] }))
    })
  })

  describe('workers', () => {
    const its = useEngine(open, { leaseMs: 60 })

    it('are listed with what they said of themselves and what they run', async () => {
      const { engine } = its
      const facts = { ...worker, version: '1.2', queues: ['q', 'r'] }
      const { id, lease } = await running(engine, {}, facts)
      const { leaseExpiresAt } = await jobOf(engine, id)
      const [seen] = await engine.workers()
      expect(seen).toMatchObject({ ...facts, jobs: [{ id, queue: 'q', leaseExpiresAt }] })
      expect(seen?.seenAt).toBeGreaterThanOrEqual(seen?.startedAt ?? Infinity)
      expect(seen).not.toHaveProperty('holding')
      await engine.touch({ ...facts, holding: 'disk' }, [{ lease }])
      expect((await engine.workers())[0]).toMatchObject({ holding: 'disk' })
      await engine.touch(facts, [])
      await settleOne(engine, lease, completed)
      const [idle] = await engine.workers()
      expect(idle).not.toHaveProperty('holding')
      expect(idle?.jobs).toEqual([])
    })

    it('are asked to drain by name, and go on hearing it', async () => {
      const { engine } = its
      await engine.touch(worker, [])
      await engine.touch(workerNamed('w2'), [])
      expect(await engine.drainWorker('nobody')).toBe(false)
      expect(await engine.drainWorker('w2')).toBe(true)
      expect(await engine.ordersFor('w2')).toBe('drain')
      expect(await engine.ordersFor('w1')).toBe('work')
      expect(await engine.ordersFor('nobody')).toBe('work')
      await engine.touch({ ...workerNamed('w2'), holding: 'draining' }, [])
      expect(await engine.ordersFor('w2')).toBe('drain')
      const [, second] = await engine.workers()
      expect(second?.drainRequestedAt).toBeLessThanOrEqual(await engine.now())
    })

    it('that say nothing of a job mark it as silent, until it gives a sign', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      await engine.touch(worker, [{ lease, silentMs: 5000 }])
      const now = await engine.now()
      const { silentSince = 0 } = await jobOf(engine, id)
      expect(now - silentSince).toBeGreaterThanOrEqual(5000)
      await engine.touch(worker, [{ lease }])
      expect(await jobOf(engine, id)).not.toHaveProperty('silentSince')
      await engine.touch(worker, [{ lease, silentMs: 5000 }])
      await sweptAway(engine, id)
      expect(await jobOf(engine, id)).not.toHaveProperty('silentSince')
    })
  })

  describe('the clock', () => {
    const its = useEngine(open)

    it('is the database’s own, in whole milliseconds', async () => {
      const { engine } = its
      const before = await engine.now()
      const [id = ''] = await submitted(engine, newJob())
      const { createdAt } = await jobOf(engine, id)
      expect(createdAt).toBeGreaterThanOrEqual(before)
      expect(await engine.now()).toBeGreaterThanOrEqual(createdAt)
      expect(Number.isInteger(before)).toBe(true)
    })

    it('bears times longer than any life', async () => {
      const { engine } = its
      const huge = 1e300
      const { id, lease } = await running(engine, {
        ...{ maxFailures: 2, timeoutMs: huge, expiresInMs: huge },
      })
      await settleOne(engine, lease, failedWith({ afterMs: huge }))
      const job = await jobOf(engine, id)
      expect(job).toMatchObject({ state: 'retry_wait' })
      expect(job.runAfter).toBeGreaterThan(job.updatedAt)
      const [later = ''] = await submitted(engine, newJob({ delayMs: Infinity }))
      expect((await jobOf(engine, later)).runAfter).toBeLessThan(Number.MAX_SAFE_INTEGER)
      const odd = await running(engine, { maxFailures: 2, delayMs: NaN })
      await settleOne(engine, odd.lease, failedWith({ afterMs: NaN }))
      expect((await jobOf(engine, odd.id)).runAfter).toBeGreaterThan(0)
    })
  })
}
