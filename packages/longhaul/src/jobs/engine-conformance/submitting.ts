import { describe, expect, it } from 'vitest'
import { isLonghaulError } from '../../errors/index.ts'
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
  stateOf,
  submitted,
  until,
  useEngine,
  type OpenEngine,
} from './harness.ts'

export function submitting(open: OpenEngine): void {
  describe('submitting', () => {
    const its = useEngine(open)

    it('claims in the order of submission, however the submits were grouped', async () => {
      const { engine } = its
      const jobs = Array.from({ length: 60 }, () => newJob())
      await Promise.all([
        submitted(engine, ...jobs.slice(0, 20)),
        submitted(engine, ...jobs.slice(20, 21)),
        submitted(engine, ...jobs.slice(21, 40)),
      ])
      for (const job of jobs.slice(40)) await submitted(engine, job)
      const order: string[] = []
      for (let claimed = ['']; claimed.length > 0; order.push(...claimed))
        claimed = idsOf(await claimUpTo(engine, 7))
      expect(order).toEqual(jobs.map((job) => job.id))
    })

    it('takes priority 1 before 2 before 3', async () => {
      const { engine } = its
      const [low, middle, high] = await submitted(
        engine,
        newJob({ priority: 3 }),
        newJob(),
        newJob({ priority: 1 }),
      )
      expect(idsOf(await claimUpTo(engine, 3))).toEqual([high, middle, low])
    })

    it('answers the first job again for the same idempotency key and payload', async () => {
      const { engine } = its
      const idempotency = { key: 'k', hash: 'h' }
      const [id] = await submitted(engine, newJob({ idempotency }))
      const [again] = await engine.submit([newJob({ idempotency })])
      expect(again).toMatchObject({ kind: 'existing', job: { id } })
      const { lease } = { lease: leaseOf((await claimUpTo(engine, 9))[0]) }
      await settleOne(engine, lease, completed)
      const [later] = await engine.submit([newJob({ idempotency })])
      expect(later).toMatchObject({ kind: 'existing', job: { id, state: 'completed' } })
      expect((await engine.list({ scope: 'everyone' }, { limit: 9 })).total).toBe(1)
    })

    it('refuses an idempotency key with another payload, but not of another owner', async () => {
      const { engine } = its
      const [id] = await submitted(engine, newJob({ idempotency: { key: 'k', hash: 'h' } }))
      const other = { idempotency: { key: 'k', hash: 'other' } }
      expect(await engine.submit([newJob(other)])).toEqual([
        { kind: 'conflict', jobId: id, over: 'idempotency-key' },
      ])
      await submitted(engine, newJob({ ...other, owner: 'bob' }))
    })

    it('makes one job of many simultaneous submits with one key', async () => {
      const { engine } = its
      const other = await its.test.another()
      const idempotency = { key: 'k', hash: 'h' }
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? engine : other).submit([newJob({ idempotency })]),
        ),
      )
      const kinds = answers.flat().map((answer) => answer.kind)
      expect(kinds.filter((kind) => kind === 'created')).toHaveLength(1)
      expect(kinds.filter((kind) => kind === 'existing')).toHaveLength(19)
    })

    it('says that an id is taken, and leaves its job alone', async () => {
      const { engine } = its
      const [id = ''] = await submitted(engine, newJob())
      expect(await engine.submit([newJob({ id, owner: 'bob' })])).toEqual([
        { kind: 'conflict', jobId: id, over: 'id' },
      ])
      expect((await jobOf(engine, id)).owner).toBe('ann')
    })

    it('keeps a delayed job queued until its time, without holding up the others', async () => {
      const { engine } = its
      const [delayed = ''] = await submitted(engine, newJob({ delayMs: 800, priority: 1 }))
      const [prompt] = await submitted(engine, newJob({ priority: 3 }))
      const first = await claimUpTo(engine, 2)
      expect(idsOf(first)[0]).toBe(prompt)
      const [claim] = await until(async () => {
        const claims = first.length > 1 ? first.slice(1) : await claimUpTo(engine, 2)
        return claims.length > 0 ? claims : undefined
      })
      expect(claim?.job).toMatchObject({ id: delayed })
      const { startedAt = 0, runAfter } = await jobOf(engine, delayed)
      expect(startedAt).toBeGreaterThanOrEqual(runAfter)
    })

    it('stores what was submitted', async () => {
      const { engine } = its
      const params = { input: { width: 3, images: [{ uri: 's3://b/ü', name: 'ü' }] } }
      const [id = ''] = await submitted(
        engine,
        newJob({ params, maxFailures: 5, timeoutMs: 1000, version: '1.2', kind: 'batch' }),
      )
      expect(await jobOf(engine, id)).toMatchObject({
        params,
        maxFailures: 5,
        timeoutMs: 1000,
        version: '1.2',
        kind: 'batch',
        state: 'queued',
        priority: 2,
        attempt: 0,
        publishing: false,
      })
    })
  })

  describe('a full queue', () => {
    const its = useEngine(open, { maxQueuedPerOwner: 3, maxQueued: 5 })
    const refused = async (engine: JobEngine, owner: string) =>
      expect(engine.submit([newJob({ owner })])).rejects.toSatisfy((error) =>
        isLonghaulError(error, 'queue-full'),
      )

    it('refuses whole submits, per owner and in all, until jobs start', async () => {
      const { engine } = its
      const two = [newJob(), newJob()]
      await submitted(engine, ...two)
      await expect(engine.submit([newJob(), newJob()])).rejects.toThrow('queued already')
      expect((await engine.list({ scope: 'everyone' }, { limit: 9 })).total).toBe(2)
      await submitted(engine, newJob())
      await refused(engine, 'ann')
      await submitted(engine, newJob({ owner: 'bob' }), newJob({ owner: 'bob', queue: 'other' }))
      await refused(engine, 'bob')
      await claimUpTo(engine, 1)
      await submitted(engine, newJob({ owner: 'bob' }))
    })

    it('never refuses a retry, nor a repeated submit', async () => {
      const { engine } = its
      const { id, lease } = await running(engine, { idempotency: { key: 'k', hash: 'h' } })
      await settleOne(engine, lease, completed)
      await submitted(engine, newJob(), newJob(), newJob())
      expect(await engine.submit([newJob({ idempotency: { key: 'k', hash: 'h' } })])).toMatchObject(
        [{ kind: 'existing' }],
      )
      expect(await engine.retry([id], 'start')).toEqual([{ id, kind: 'retried' }])
      expect(await stateOf(engine, id)).toBe('queued')
    })
  })
}
