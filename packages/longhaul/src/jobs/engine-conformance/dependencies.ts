import { describe, expect, it } from 'vitest'
import { isLonghaulError } from '../../errors/index.ts'
import type { JobEngine, NewJob } from '../engine.ts'
import {
  claimUpTo,
  completed,
  failedWith,
  idsOf,
  jobOf,
  leaseOf,
  newJob,
  running,
  settleOne,
  stateOf,
  submitted,
  typesOf,
  until,
  useEngine,
  type OpenEngine,
} from './harness.ts'

const everyone = { scope: 'everyone' } as const
const never = failedWith('never')

/** One job that waits for the others. */
async function after(engine: JobEngine, dependsOn: readonly string[], more: Partial<NewJob> = {}) {
  const [id = ''] = await submitted(engine, newJob({ dependsOn, ...more }))
  return id
}
const statesOf = (engine: JobEngine, ids: readonly string[]) =>
  Promise.all(ids.map((id) => stateOf(engine, id)))

export function dependencies(open: OpenEngine): void {
  describe('a job that depends on others', () => {
    const its = useEngine(open)

    it('starts once all of them have completed, and says what it waits for', async () => {
      const { engine } = its
      const a = await running(engine)
      const b = await running(engine)
      const c = await after(engine, [b.id, a.id, b.id])
      expect(await jobOf(engine, c)).toMatchObject({
        dependsOn: [a.id, b.id].toSorted(),
        waiting: { reason: 'dependency' },
      })
      await settleOne(engine, a.lease, completed)
      expect(await claimUpTo(engine, 5)).toEqual([])
      await settleOne(engine, b.lease, completed)
      expect((await jobOf(engine, c)).waiting?.reason).toBe('slots')
      expect(idsOf(await claimUpTo(engine, 5))).toEqual([c])
      expect(await typesOf(engine, c)).toEqual(['queued', 'unblocked', 'started'])
    })

    it('starts at once where they had completed before', async () => {
      const { engine } = its
      const a = await running(engine)
      await settleOne(engine, a.lease, completed)
      const b = await after(engine, [a.id])
      expect(idsOf(await claimUpTo(engine, 5))).toEqual([b])
    })

    it('may be submitted together with them, and wait in another queue', async () => {
      const { engine } = its
      const first = newJob({ queue: 'other' })
      const second = newJob({ dependsOn: [first.id] })
      await submitted(engine, first, second)
      expect(await claimUpTo(engine, 5)).toEqual([])
      await settleOne(engine, leaseOf((await claimUpTo(engine, 1, 'other'))[0]), completed)
      expect(idsOf(await claimUpTo(engine, 5))).toEqual([second.id])
    })

    it('fails as dependency-failed when one fails, and so do those behind it', async () => {
      const { engine } = its
      const a = await running(engine)
      const b = await after(engine, [a.id])
      const c = await after(engine, [b], { queue: 'other' })
      const d = await after(engine, [c, a.id], { delayMs: 60_000 })
      await settleOne(engine, a.lease, never)
      expect(await statesOf(engine, [b, c, d])).toEqual(['failed', 'failed', 'failed'])
      const job = await jobOf(engine, b)
      expect(job).toMatchObject({ failures: 0, lost: 0, attempt: 0 })
      expect(job.problem).toMatchObject({ code: 'dependency-failed' })
      expect(job.problem?.detail).toContain(a.id)
      expect(await claimUpTo(engine, 5)).toEqual([])
    })

    it('fails at once where one had failed before', async () => {
      const { engine } = its
      const a = await running(engine)
      await settleOne(engine, a.lease, never)
      const b = await after(engine, [a.id])
      expect((await jobOf(engine, b)).problem?.code).toBe('dependency-failed')
      expect(await typesOf(engine, b)).toEqual(['queued', 'failed'])
    })

    it('fails by the one that failed, in whatever order another was cancelled', async () => {
      const { engine } = its
      const [cancelled = ''] = await submitted(engine, newJob({ queue: 'other' }))
      await engine.requestCancel([cancelled], { scope: 'everyone' })
      const failed = await running(engine)
      await settleOne(engine, failed.lease, never)
      for (const on of [
        [cancelled, failed.id],
        [failed.id, cancelled],
      ])
        expect(await stateOf(engine, await after(engine, on))).toBe('failed')
    })

    it('runs however they end where it says so', async () => {
      const { engine } = its
      const a = await running(engine)
      const b = await running(engine)
      const c = await after(engine, [a.id, b.id], { onDependency: 'any' })
      await settleOne(engine, a.lease, never)
      expect(await claimUpTo(engine, 5)).toEqual([])
      await settleOne(engine, b.lease, { kind: 'cancelled' })
      expect(idsOf(await claimUpTo(engine, 5))).toEqual([c])
      const d = await after(engine, [a.id], { onDependency: 'any' })
      expect(idsOf(await claimUpTo(engine, 5))).toEqual([d])
    })

    it('is cancelled with the one it waits for, and so are those behind it', async () => {
      const { engine } = its
      const [a = ''] = await submitted(engine, newJob())
      const b = await after(engine, [a])
      const c = await after(engine, [b])
      const any = await after(engine, [c], { onDependency: 'any' })
      await engine.requestCancel([a], everyone)
      expect(await statesOf(engine, [a, b, c])).toEqual(['cancelled', 'cancelled', 'cancelled'])
      expect(idsOf(await claimUpTo(engine, 5))).toEqual([any])
    })

    it('waits through the retries of a dependency by policy', async () => {
      const { engine } = its
      const a = await running(engine, { maxFailures: 2 })
      const b = await after(engine, [a.id])
      await settleOne(engine, a.lease, failedWith({ afterMs: 0 }))
      const again = await until(async () => {
        const claims = await claimUpTo(engine, 5)
        return claims.length > 0 ? claims : undefined
      })
      expect(idsOf(again)).toEqual([a.id])
      await settleOne(engine, leaseOf(again[0]), completed)
      expect(idsOf(await claimUpTo(engine, 5))).toEqual([b])
    })

    it('waits for both its delay and its dependency', async () => {
      const { engine } = its
      const a = await running(engine)
      const b = await after(engine, [a.id], { delayMs: 30 })
      await until(async () =>
        (await engine.now()) > (await jobOf(engine, b)).runAfter ? 1 : undefined,
      )
      expect(await claimUpTo(engine, 5)).toEqual([])
      await engine.sweep()
      await settleOne(engine, a.lease, completed)
      expect(idsOf(await claimUpTo(engine, 5))).toEqual([b])
      const c = await after(engine, [a.id], { delayMs: 60_000 })
      expect((await jobOf(engine, c)).waiting?.reason).toBe('delayed')
      expect(await claimUpTo(engine, 5)).toEqual([])
    })

    it("is refused where one is not there, or is another owner's", async () => {
      const { engine } = its
      const [a = ''] = await submitted(engine, newJob({ owner: 'bob' }))
      for (const id of [a, 'no-such-job']) {
        const one = newJob({ dependsOn: [id] })
        await expect(engine.submit([newJob(), one])).rejects.toSatisfy((error) =>
          isLonghaulError(error, 'dependency-not-found'),
        )
        expect(await engine.get([one.id], 'everyone')).toEqual([])
      }
      const self = newJob()
      await expect(engine.submit([{ ...self, dependsOn: [self.id] }])).rejects.toThrow(self.id)
      expect((await engine.list({ scope: 'everyone' }, { limit: 9 })).total).toBe(1)
    })

    it('fails again when it is retried without the failed one', async () => {
      const { engine } = its
      const a = await running(engine)
      const b = await after(engine, [a.id])
      await settleOne(engine, a.lease, never)
      expect(await engine.retry([b], 'start')).toEqual([{ id: b, kind: 'retried' }])
      expect((await jobOf(engine, b)).problem?.code).toBe('dependency-failed')
    })

    it('waits again when both are retried, in whatever order they are named', async () => {
      const { engine } = its
      const a = await running(engine)
      const b = await after(engine, [a.id])
      await settleOne(engine, a.lease, never)
      await engine.retry([b, a.id], 'start')
      const claims = await claimUpTo(engine, 5)
      expect(idsOf(claims)).toEqual([a.id])
      await settleOne(engine, leaseOf(claims[0]), completed)
      expect(idsOf(await claimUpTo(engine, 5))).toEqual([b])
    })

    it('that has started is not touched by a dependency that lives again', async () => {
      const { engine } = its
      const a = await running(engine)
      const b = await after(engine, [a.id])
      await settleOne(engine, a.lease, completed)
      const claims = await claimUpTo(engine, 5)
      await engine.retry([a.id], 'start')
      await settleOne(engine, leaseOf((await claimUpTo(engine, 5))[0]), never)
      expect(await stateOf(engine, b)).toBe('running')
      expect(await settleOne(engine, leaseOf(claims[0]), completed)).toBe('settled')
    })

    it('hears of the end of one that is removed at once', async () => {
      const { engine } = its
      const a = await running(engine)
      const b = await after(engine, [a.id])
      await settleOne(engine, a.lease, completed)
      await engine.remove([a.id])
      expect(idsOf(await claimUpTo(engine, 5))).toEqual([b])
      expect((await jobOf(engine, b)).dependsOn).toEqual([a.id])
    })
  })

  describe('two thousand dependants', () => {
    const its = useEngine(open)
    const many = async (engine: JobEngine, on: string, more: Partial<NewJob> = {}) => {
      const jobs = Array.from({ length: 2000 }, () => newJob({ dependsOn: [on], ...more }))
      return submitted(engine, ...jobs)
    }
    const countOf = async (engine: JobEngine, state: 'queued' | 'failed') =>
      (await engine.list({ scope: 'everyone', states: [state] }, { limit: 1 })).total

    it(
      'hear of an end over several transactions, and lose nobody',
      { timeout: 60_000 },
      async () => {
        const { engine } = its
        const a = await running(engine)
        const ids = await many(engine, a.id)
        const last = await after(engine, [ids.at(-1) ?? ''])
        await settleOne(engine, a.lease, never)
        await engine.sweep()
        expect(await countOf(engine, 'failed')).toBe(2002)
        expect((await jobOf(engine, last)).problem?.code).toBe('dependency-failed')
      },
    )

    it('hear of it even when the job is removed before', { timeout: 60_000 }, async () => {
      const { engine } = its
      const a = await running(engine)
      await many(engine, a.id)
      await settleOne(engine, a.lease, completed)
      await engine.remove([a.id])
      await engine.sweep()
      const view = (await engine.queues()).find(({ queue }) => queue === 'q')
      expect(view?.queued).toBe(2000)
      let claimed = 0
      for (let some = 1; some > 0; claimed += some) some = (await claimUpTo(engine, 500)).length
      expect(claimed).toBe(2000)
    })
  })
}
