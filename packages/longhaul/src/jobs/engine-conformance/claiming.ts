import { describe, expect, it } from 'vitest'
import type { JobEngine } from '../engine.ts'
import {
  claimUpTo,
  completed,
  idsOf,
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

const many = (count: number, owner: string) =>
  Array.from({ length: count }, () => newJob({ owner }))
const ownersOf = async (engine: JobEngine, slots: number) =>
  (await claimUpTo(engine, slots)).map(({ job }) => job.owner)

export function claiming(open: OpenEngine): void {
  describe('claiming', () => {
    const its = useEngine(open)

    it('gives each job once, with a lease of its own', async () => {
      const { engine } = its
      await submitted(engine, newJob(), newJob(), newJob())
      const claims = [...(await claimUpTo(engine, 2)), ...(await claimUpTo(engine, 2))]
      expect(new Set(idsOf(claims)).size).toBe(3)
      expect(new Set(claims.map(({ lease }) => lease.nonce)).size).toBe(3)
      expect(claims.map(({ lease }) => lease.attempt)).toEqual([1, 1, 1])
      expect(await claimUpTo(engine, 2)).toEqual([])
      const job = await jobOf(engine, idsOf(claims)[0] ?? '')
      expect(job).toMatchObject({ state: 'running', attempt: 1, worker: worker.id })
      expect(job.leaseExpiresAt).toBeGreaterThan(job.startedAt ?? 0)
    })

    it('takes only from the queues that the worker wants, as many as it wants of each', async () => {
      const { engine } = its
      await submitted(engine, ...['a', 'a', 'b', 'b', 'c'].map((queue) => newJob({ queue })))
      const claims = await engine.claim(worker, [
        { queue: 'a', slots: 1 },
        { queue: 'b', slots: 5 },
        { queue: 'nothing', slots: 5 },
        { queue: 'c', slots: 0 },
      ])
      expect(claims.map(({ job }) => job.queue)).toEqual(['a', 'b', 'b'])
    })

    it('shares the slots equally between owners with waiting work', async () => {
      const { engine } = its
      await submitted(engine, ...many(20, 'ann'), ...many(3, 'bob'), ...many(20, 'cat'))
      const owners = await ownersOf(engine, 9)
      expect(owners.toSorted()).toEqual(
        ['ann', 'bob', 'cat'].flatMap((owner) => [owner, owner, owner]),
      )
      // Bob has nothing left: nobody's slot stays empty for him.
      expect((await ownersOf(engine, 4)).toSorted()).toEqual(['ann', 'ann', 'cat', 'cat'])
    })

    it('takes turns between owners when there is one slot', async () => {
      const { engine } = its
      await submitted(engine, ...many(4, 'ann'), ...many(4, 'bob'))
      const turns: string[] = []
      for (let turn = 0; turn < 8; turn += 1) {
        const [claim] = await claimUpTo(engine, 1)
        turns.push(claim?.job.owner ?? '')
        await settleOne(engine, leaseOf(claim), completed)
      }
      expect(turns.filter((owner, turn) => owner === turns[turn - 1])).toEqual([])
    })

    it('starts nothing of a paused queue, and lets what runs go on', async () => {
      const { engine } = its
      const { lease } = await running(engine)
      await submitted(engine, newJob())
      await engine.setQueue('q', { paused: true })
      expect(await claimUpTo(engine, 5)).toEqual([])
      expect(await settleOne(engine, lease, completed)).toBe('settled')
      expect(await engine.queues()).toMatchObject([
        { queue: 'q', queued: 1, running: 0, paused: true },
      ])
      await engine.setQueue('q', { paused: false })
      expect(await claimUpTo(engine, 5)).toHaveLength(1)
    })

    it('can pause a queue that has no job yet', async () => {
      const { engine } = its
      await engine.setQueue('q', { paused: true })
      await submitted(engine, newJob())
      expect(await claimUpTo(engine, 5)).toEqual([])
    })

    it('never exceeds maxRunning, over all workers', async () => {
      const { engine } = its
      const other = await its.test.another()
      await engine.setQueue('q', { maxRunning: 3 })
      await submitted(engine, ...many(20, 'ann'))
      const claims = (
        await Promise.all([
          claimUpTo(engine, 2),
          claimUpTo(other, 2, 'q', workerNamed('w2')),
          claimUpTo(engine, 2),
          claimUpTo(other, 2, 'q', workerNamed('w2')),
        ])
      ).flat()
      expect(claims).toHaveLength(3)
      await settleOne(engine, leaseOf(claims[0]), completed)
      expect(await claimUpTo(other, 5)).toHaveLength(1)
      await engine.setQueue('q', { maxRunning: 5 })
      expect(await claimUpTo(other, 5)).toHaveLength(2)
    })

    it('starts no more per minute than the queue may', async () => {
      const { engine } = its
      await engine.setQueue('q', { ratePerMinute: 600 })
      await submitted(engine, ...many(20, 'ann'))
      const starts: number[] = []
      await until(async () => {
        starts.push(...(await claimUpTo(engine, 20)).map(({ job }) => job.startedAt ?? 0))
        return starts.length >= 15 ? true : undefined
      })
      // 10 a second, of which ten may come at once: the 15th waited for half a second at least.
      expect((starts[14] ?? 0) - (starts[0] ?? 0)).toBeGreaterThanOrEqual(490)
    })
  })
}
