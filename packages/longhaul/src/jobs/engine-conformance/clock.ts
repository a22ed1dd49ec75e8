import { afterEach, describe, expect, it, vi } from 'vitest'
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
  useEngine,
  worker,
  type OpenEngine,
} from './harness.ts'

export function clock(open: OpenEngine): void {
  describe('a process whose clock is wrong', () => {
    const its = useEngine(open, { leaseMs: 60_000 })
    afterEach(() => {
      vi.useRealTimers()
    })

    it.each([-1, 1])(
      'changes nothing: only the database tells the time (%s year)',
      async (years) => {
        const { engine } = its
        const [first] = await submitted(engine, newJob())
        vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + years * 365 * 86_400_000 })
        const [second] = await submitted(engine, newJob())
        const claims = await claimUpTo(engine, 2)
        expect(idsOf(claims)).toEqual([first, second])
        expect(await engine.sweep()).toMatchObject({ requeued: [], failed: [] })
        const verdicts = await engine.touch(
          worker,
          claims.map(({ lease }) => ({ lease })),
        )
        expect(verdicts.map(({ verdict }) => verdict)).toEqual(['held', 'held'])
        await settleOne(engine, leaseOf(claims[0]), completed)
        const job = await jobOf(engine, second ?? '')
        vi.useRealTimers()
        expect(Math.abs(job.createdAt - Date.now())).toBeLessThan(600_000)
        expect((job.leaseExpiresAt ?? 0) - job.createdAt).toBeGreaterThanOrEqual(60_000)
      },
    )

    it('does not shorten or lengthen a wait', async () => {
      const { engine } = its
      const { id, lease } = await running(engine, { maxFailures: 2 })
      await settleOne(engine, lease, failedWith({ afterMs: 60_000 }))
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 86_400_000 })
      expect(await claimUpTo(engine, 1)).toEqual([])
      expect((await engine.sweep()).due).toBe(0)
      expect(await stateOf(engine, id)).toBe('retry_wait')
    })
  })
}
