import { describe, expect, it } from 'vitest'
import {
  claimUpTo,
  completed,
  failedWith,
  idsOf,
  jobOf,
  leaseOf,
  newJob,
  publishing,
  worker,
  running,
  settleOne,
  stateOf,
  submitted,
  sweptAway,
  typesOf,
  until,
  useEngine,
  type OpenEngine,
} from './harness.ts'

export function settling(open: OpenEngine): void {
  describe('settling', () => {
    const its = useEngine(open, { backoff: (failures) => failures * 10 })

    it('completes with a result', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      const result = { value: { n: 1 }, outputs: [] }
      expect(await settleOne(engine, lease, { kind: 'completed', result })).toBe('settled')
      const job = await jobOf(engine, id)
      expect(job).toMatchObject({ state: 'completed', result, publishing: false })
      expect(job.completedAt).toBeGreaterThanOrEqual(job.startedAt ?? Infinity)
      expect(await typesOf(engine, id)).toEqual(['queued', 'started', 'completed'])
    })

    it('publishes in two steps, keeping the lease in between', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      expect(await settleOne(engine, lease, publishing)).toBe('settled')
      expect(await jobOf(engine, id)).toMatchObject({ state: 'running', publishing: true })
      // An answer that got lost is asked for again.
      expect(await settleOne(engine, lease, publishing)).toBe('settled')
      expect(await settleOne(engine, lease, completed)).toBe('settled')
      expect(await jobOf(engine, id)).toMatchObject({ state: 'completed', publishing: false })
      expect(await typesOf(engine, id)).toEqual(['queued', 'started', 'publishing', 'completed'])
    })

    it('waits and tries again by policy until max_failures', async () => {
      const { engine } = its
      const { id, lease } = await running(engine, { maxFailures: 2 })
      await settleOne(engine, lease, failedWith('policy'))
      const waiting = await jobOf(engine, id)
      expect(waiting).toMatchObject({ state: 'retry_wait', failures: 1, lost: 0 })
      expect(waiting.runAfter - waiting.updatedAt).toBe(10)
      const claims = await until(async () => {
        const some = await claimUpTo(engine, 1)
        return some.length > 0 ? some : undefined
      })
      expect(leaseOf(claims[0])).toMatchObject({ jobId: id, attempt: 2 })
      await settleOne(engine, leaseOf(claims[0]), failedWith('policy'))
      expect(await jobOf(engine, id)).toMatchObject({
        state: 'failed',
        failures: 2,
        problem: { code: 'transient', detail: 'on purpose' },
      })
      const life = ['queued', 'started', 'retry_wait', 'queued', 'started', 'failed']
      expect(await typesOf(engine, id)).toEqual(life)
    })

    it('fails at once where a retry is pointless, and waits as long as the author says', async () => {
      const { engine } = its
      const never = await running(engine, { maxFailures: 5 })
      await settleOne(engine, never.lease, failedWith('never'))
      expect(await jobOf(engine, never.id)).toMatchObject({ state: 'failed', failures: 1 })
      const after = await running(engine, { maxFailures: 5 })
      await settleOne(engine, after.lease, failedWith({ afterMs: 60_000 }))
      const job = await jobOf(engine, after.id)
      expect(job).toMatchObject({ state: 'retry_wait', failures: 1 })
      expect(job.runAfter - job.updatedAt).toBe(60_000)
      expect(await claimUpTo(engine, 5)).toEqual([])
    })

    it('counts a child that something killed as lost: at once again, without a failure', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      await settleOne(engine, lease, failedWith('lost'))
      expect(await jobOf(engine, id)).toMatchObject({ state: 'queued', lost: 1, failures: 0 })
      for (const _ of [2, 3])
        await settleOne(engine, leaseOf((await claimUpTo(engine, 1))[0]), failedWith('lost'))
      expect(await jobOf(engine, id)).toMatchObject({
        state: 'failed',
        lost: 3,
        problem: { code: 'worker-lost' },
      })
    })

    it('reports what is due when a wait is over', async () => {
      const { engine } = its
      const { id, lease } = await running(engine, { maxFailures: 2 })
      await settleOne(engine, lease, failedWith('policy'))
      expect(await until(async () => (await engine.sweep()).due || undefined)).toBe(1)
      expect(await stateOf(engine, id)).toBe('queued')
    })

    it('cancels instead of trying again when that was asked for', async () => {
      const { engine } = its
      const { id, lease } = await running(engine, { maxFailures: 5 })
      await engine.requestCancel([id], { scope: 'everyone' })
      await settleOne(engine, lease, failedWith('policy'))
      expect(await jobOf(engine, id)).toMatchObject({ state: 'cancelled', failures: 1 })
    })

    it('releases without counting anything, back to the old place', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      const [next] = await submitted(engine, newJob())
      await engine.release([lease])
      expect(await jobOf(engine, id)).toMatchObject({ state: 'queued', failures: 0, lost: 0 })
      expect(idsOf(await claimUpTo(engine, 2))).toEqual([id, next])
      expect(await settleOne(engine, lease, completed)).toBe('lost')
    })

    it('settles many at once, each by its own lease', async () => {
      const { engine } = its
      await submitted(engine, newJob(), newJob(), newJob())
      const [a, b, c] = await claimUpTo(engine, 3)
      expect(
        await engine.settle([
          { lease: leaseOf(a), outcome: completed, usage: { cpuMs: 1.5, peakRssBytes: 7 } },
          { lease: { ...leaseOf(b), nonce: 'forged' }, outcome: completed },
          { lease: leaseOf(c), outcome: { kind: 'cancelled' } },
        ]),
      ).toEqual(['settled', 'lost', 'settled'])
    })
  })

  describe('rolling a publication forward', () => {
    const its = useEngine(open, { leaseMs: 40, lostLimit: 2 })

    it('gives what was recorded to the next worker, as often as needed, and counts nothing', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      await settleOne(engine, lease, publishing)
      for (const attempt of [2, 3, 4]) {
        expect((await sweptAway(engine, id)).publishing).toEqual([id])
        const [claim] = await claimUpTo(engine, 1)
        expect(claim).toMatchObject({
          resume: 'publish',
          lease: { jobId: id, attempt },
          result: { made: 1 },
          outputs: publishing.kind === 'publishing' ? publishing.outputs : [],
        })
      }
      expect(await settleOne(engine, lease, completed)).toBe('lost')
      expect(await jobOf(engine, id)).toMatchObject({ lost: 0, failures: 0, publishing: true })
    })

    it('is open to whoever asks, also for queues that nobody serves', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      expect(await engine.claimPublications(worker, 4)).toEqual([])
      await settleOne(engine, lease, publishing)
      await sweptAway(engine, id)
      expect(await engine.claimPublications(worker, 0)).toEqual([])
      const [claim, none] = await engine.claimPublications(worker, 4)
      expect(none).toBeUndefined()
      expect(claim).toMatchObject({ resume: 'publish', lease: { jobId: id, attempt: 2 } })
      expect(await engine.claimPublications(worker, 4)).toEqual([])
      expect(await settleOne(engine, leaseOf(claim), completed)).toBe('settled')
    })

    it('is held up neither by a pause nor by a limit, nor by a cancel', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      await settleOne(engine, lease, publishing)
      await engine.setQueue('q', { paused: true, maxRunning: 0 })
      await sweptAway(engine, id)
      expect(await engine.requestCancel([id], { scope: 'everyone' })).toMatchObject([
        { kind: 'requested' },
      ])
      const [claim] = await claimUpTo(engine, 1)
      expect(claim?.resume).toBe('publish')
      expect(await settleOne(engine, leaseOf(claim), completed)).toBe('settled')
      expect(await stateOf(engine, id)).toBe('completed')
    })

    it('survives a release, even after a cancel that came too late', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      await settleOne(engine, lease, publishing)
      await engine.requestCancel([id], { scope: 'everyone' })
      await engine.release([lease])
      expect((await claimUpTo(engine, 1))[0]?.resume).toBe('publish')
    })

    it('gives way to a clean attempt when publishing itself fails', async () => {
      const { engine } = its
      const { id, lease } = await running(engine, { maxFailures: 2 })
      await settleOne(engine, lease, publishing)
      await settleOne(engine, lease, failedWith({ afterMs: 0 }))
      expect(await jobOf(engine, id)).toMatchObject({ state: 'retry_wait', publishing: false })
      expect((await claimUpTo(engine, 1))[0]?.resume).toBe('run')
    })
  })
}
