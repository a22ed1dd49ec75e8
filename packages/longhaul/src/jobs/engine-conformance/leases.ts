import { describe, expect, it } from 'vitest'
import {
  claimUpTo,
  completed,
  failedWith,
  jobOf,
  leaseOf,
  manifestOf,
  newJob,
  publishing,
  running,
  settleOne,
  stateOf,
  submitted,
  sweptAway,
  typesOf,
  until,
  useEngine,
  worker,
  workerNamed,
  type OpenEngine,
} from './harness.ts'

export function leases(open: OpenEngine): void {
  describe('a lease of some seconds', () => {
    const its = useEngine(open, { leaseMs: 3000 })

    it('that is touched is kept, and carries progress', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      const { leaseExpiresAt = 0 } = await jobOf(engine, id)
      await until(async () => {
        const [answer] = await engine.touch(worker, [{ lease, progress: { percent: 40, done: 2 } }])
        expect(answer).toEqual({ lease, verdict: 'held' })
        const job = await jobOf(engine, id)
        return (job.leaseExpiresAt ?? 0) > leaseExpiresAt + 60 ? true : undefined
      })
      expect((await engine.sweep()).requeued).toEqual([])
      expect(await jobOf(engine, id)).toMatchObject({
        state: 'running',
        lost: 0,
        progress: { percent: 40, done: 2 },
      })
    })
  })

  describe('a lease', () => {
    const its = useEngine(open, { leaseMs: 60 })

    it('that expires is taken away: lost + 1, no failure, the old place in the queue', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      const [next] = await submitted(engine, newJob())
      const report = await sweptAway(engine, id)
      expect(report.requeued).toEqual([id])
      expect(await jobOf(engine, id)).toMatchObject({ state: 'queued', lost: 1, failures: 0 })
      const claims = await claimUpTo(engine, 2)
      expect(claims.map(({ job }) => job.id)).toEqual([id, next])
      expect(leaseOf(claims[0]).attempt).toBe(2)
      expect(leaseOf(claims[0]).nonce).not.toBe(lease.nonce)
    })

    it('that was taken away can settle, touch, append, checkpoint and release nothing', async () => {
      const { engine } = its
      const zombie = await running(engine)
      await sweptAway(engine, zombie.id)
      const check = async () => {
        const before = await jobOf(engine, zombie.id)
        const { lease } = zombie
        expect(await settleOne(engine, lease, completed)).toBe('lost')
        expect(await settleOne(engine, lease, publishing)).toBe('lost')
        expect(await settleOne(engine, lease, failedWith('policy'))).toBe('lost')
        expect(await engine.touch(worker, [{ lease, progress: { percent: 99 } }])).toEqual([
          { lease, verdict: 'lost' },
        ])
        await engine.append([{ lease, type: 'message', data: { text: 'from the grave' } }])
        expect(await engine.checkpoint(lease, manifestOf(null))).toBe('lost')
        await engine.release([lease])
        expect(await jobOf(engine, zombie.id)).toEqual(before)
      }
      await check()
      const [claim] = await claimUpTo(engine, 1)
      await engine.touch(worker, [{ lease: leaseOf(claim) }])
      await check()
      expect(await settleOne(engine, leaseOf(claim), completed)).toBe('settled')
      await check()
    })

    it('of a forged nonce or attempt holds nothing', async () => {
      const { engine } = its
      const { lease } = await running(engine)
      for (const forged of [
        { ...lease, nonce: 'x' },
        { ...lease, attempt: 2 },
        { ...lease, jobId: 'no-such-job' },
      ])
        expect(await settleOne(engine, forged, completed)).toBe('lost')
      expect(await settleOne(engine, lease, completed)).toBe('settled')
      expect(await settleOne(engine, lease, completed)).toBe('lost')
    })

    it('lost three times fails the job as worker-lost, with failures untouched', async () => {
      const { engine } = its
      const { id } = await running(engine, { maxFailures: 9 })
      await sweptAway(engine, id)
      await claimUpTo(engine, 1)
      await sweptAway(engine, id)
      await claimUpTo(engine, 1)
      expect((await sweptAway(engine, id)).failed).toEqual([id])
      const job = await jobOf(engine, id)
      expect(job).toMatchObject({ state: 'failed', lost: 3, failures: 0, attempt: 3 })
      expect(job.problem?.code).toBe('worker-lost')
      expect((await typesOf(engine, id)).slice(-2)).toEqual(['lost', 'failed'])
    })

    it('that a checkpoint followed starts the count of losses anew', async () => {
      const { engine } = its
      const { id } = await running(engine)
      await sweptAway(engine, id)
      const [claim] = await claimUpTo(engine, 1)
      const manifest = manifestOf({ step: 7 })
      expect(await engine.checkpoint(leaseOf(claim), manifest)).toBe('saved')
      expect((await jobOf(engine, id)).lost).toBe(0)
      await sweptAway(engine, id)
      expect((await claimUpTo(engine, 1))[0]).toMatchObject({
        resume: 'run',
        checkpoint: manifest,
      })
    })

    it('saves the newest of its checkpoints for the next attempt, and says when', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      expect(await jobOf(engine, id)).not.toHaveProperty('checkpointAt')
      for (const step of [1, 2, 3]) await engine.checkpoint(lease, manifestOf({ step }))
      const { checkpointAt = 0, startedAt = Infinity } = await jobOf(engine, id)
      expect(checkpointAt).toBeGreaterThanOrEqual(startedAt)
      expect((await typesOf(engine, id)).filter((type) => type === 'checkpoint')).toHaveLength(3)
      await engine.release([lease])
      expect((await claimUpTo(engine, 1))[0]).toMatchObject({ checkpoint: { state: { step: 3 } } })
    })

    it('lost while a cancel is asked for ends the job as cancelled', async () => {
      const { engine } = its
      const { id } = await running(engine)
      await engine.requestCancel([id], { scope: 'everyone' })
      expect((await sweptAway(engine, id)).cancelled).toEqual([id])
      expect(await stateOf(engine, id)).toBe('cancelled')
    })

    it('ends at once when its worker is known to be dead, and only on that host', async () => {
      const { engine } = its
      const { id } = await running(engine, {}, workerNamed('dead'))
      const alive = await running(engine, {}, workerNamed('alive'))
      const elsewhere = await engine.forgetDeadWorkers('elsewhere', () => false)
      expect(elsewhere.requeued).toEqual([])
      const report = await engine.forgetDeadWorkers('here', (one) => one.id === 'alive')
      expect(report.requeued).toEqual([id])
      expect(await stateOf(engine, alive.id)).toBe('running')
      expect((await engine.forgetDeadWorkers('here', () => true)).requeued).toEqual([])
    })
  })

  describe('a deadline', () => {
    const its = useEngine(open, { leaseMs: 60, stopGraceMs: 60 })

    it('is told by touch, then the worker settles', async () => {
      const { engine } = its
      const { id, lease } = await running(engine, { timeoutMs: 1 })
      await until(async () => {
        const [answer] = await engine.touch(worker, [{ lease }])
        return answer?.verdict === 'deadline' ? true : undefined
      })
      expect(await settleOne(engine, lease, failedWith('policy'))).toBe('settled')
      expect(await stateOf(engine, id)).toBe('failed')
    })

    it('ends the attempt as a timeout even if its worker touches for ever', async () => {
      const { engine } = its
      const { id, lease } = await running(engine, { timeoutMs: 1, maxFailures: 2 })
      await until(async () => {
        await engine.touch(worker, [{ lease }])
        await engine.sweep()
        return (await stateOf(engine, id)) === 'running' ? undefined : true
      })
      expect(await jobOf(engine, id)).toMatchObject({ state: 'retry_wait', failures: 1, lost: 0 })
    })

    it('that passes while the worker is dead counts as lost, not as a failure', async () => {
      const { engine } = its
      const { id } = await running(engine, { timeoutMs: 1 })
      await sweptAway(engine, id)
      expect(await jobOf(engine, id)).toMatchObject({ state: 'queued', failures: 0, lost: 1 })
    })

    it('does not stop a publication', async () => {
      const { engine } = its
      const { lease } = await running(engine, { timeoutMs: 1 })
      await settleOne(engine, lease, publishing)
      await until(async () => {
        const [answer] = await engine.touch(worker, [{ lease }])
        expect(answer?.verdict).toBe('held')
        const { updatedAt, leaseExpiresAt = 0 } = await jobOf(engine, lease.jobId)
        return leaseExpiresAt > updatedAt + 70 ? true : undefined
      })
      expect(await settleOne(engine, lease, completed)).toBe('settled')
    })
  })
}
