import { describe, expect, it } from 'vitest'
import type { JobEngine } from '../engine.ts'
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

export function expiry(open: OpenEngine): void {
  describe('a job that may not start late', () => {
    const its = useEngine(open, { leaseMs: 60_000 })
    const past = (engine: JobEngine, time: number) =>
      until(async () => ((await engine.now()) > time ? true : undefined))

    it('fails as expired by a sweep, having never run', async () => {
      const { engine } = its
      const [id = ''] = await submitted(engine, newJob({ expiresInMs: 20 }))
      const { expiresAt = 0, createdAt } = await jobOf(engine, id)
      expect(expiresAt - createdAt).toBe(20)
      await past(engine, expiresAt)
      expect((await engine.sweep()).failed).toEqual([id])
      const job = await jobOf(engine, id)
      expect(job).toMatchObject({ state: 'failed', attempt: 0, failures: 0 })
      expect(job.problem?.code).toBe('expired')
      expect(await typesOf(engine, id)).toEqual(['queued', 'failed'])
      expect((await engine.sweep()).failed).toEqual([])
    })

    it('is not started once its time is over, even before a sweep', async () => {
      const { engine } = its
      const [late = ''] = await submitted(engine, newJob({ expiresInMs: 10, priority: 1 }))
      const [other] = await submitted(engine, newJob())
      await past(engine, (await jobOf(engine, late)).expiresAt ?? 0)
      expect(idsOf(await claimUpTo(engine, 2))).toEqual([other])
      expect(await stateOf(engine, late)).toBe('failed')
    })

    it('is not meant by it once it has started', async () => {
      const { engine } = its
      const { id, lease } = await running(engine, { expiresInMs: 1000, maxFailures: 2 })
      await past(engine, (await jobOf(engine, id)).expiresAt ?? 0)
      expect((await engine.sweep()).failed).toEqual([])
      await settleOne(engine, lease, failedWith({ afterMs: 0 }))
      const again = await until(async () => {
        const claims = await claimUpTo(engine, 1)
        return claims.length > 0 ? claims : undefined
      })
      await engine.release(again.map((claim) => claim.lease))
      await engine.sweep()
      expect(await settleOne(engine, leaseOf((await claimUpTo(engine, 1))[0]), completed)).toBe(
        'settled',
      )
    })

    it('expires while it is delayed or blocked too, and its dependants fail', async () => {
      const { engine } = its
      const first = await running(engine)
      const delayed = newJob({ expiresInMs: 10, delayMs: 60_000 })
      const blocked = newJob({ expiresInMs: 10, dependsOn: [first.id] })
      const behind = newJob({ dependsOn: [blocked.id] })
      await submitted(engine, delayed, blocked, behind)
      await past(engine, (await jobOf(engine, blocked.id)).expiresAt ?? 0)
      const { failed } = await engine.sweep()
      expect(failed).toEqual(expect.arrayContaining([delayed.id, blocked.id]))
      expect((await jobOf(engine, behind.id)).problem?.code).toBe('dependency-failed')
    })

    it('has all the time there is when it is retried', async () => {
      const { engine } = its
      const [id = ''] = await submitted(engine, newJob({ expiresInMs: 1 }))
      await past(engine, (await jobOf(engine, id)).expiresAt ?? 0)
      await engine.sweep()
      await engine.retry([id], 'start')
      await engine.sweep()
      expect(idsOf(await claimUpTo(engine, 1))).toEqual([id])
    })
  })
}
