import { describe, expect, it } from 'vitest'
import type { JobEngine, NewJob } from '../engine.ts'
import type { JobState } from '../job.ts'
import {
  claimUpTo,
  completed,
  failedWith,
  jobOf,
  leaseOf,
  manifestOf,
  newJob,
  running,
  settleOne,
  stateOf,
  submitted,
  typesOf,
  useEngine,
  worker,
  type OpenEngine,
} from './harness.ts'

const everyone = { scope: 'everyone' } as const

/** A job in each state, made by the engine itself. */
const inState: Record<Exclude<JobState, 'paused'>, (engine: JobEngine) => Promise<string>> = {
  queued: async (engine) => (await submitted(engine, newJob()))[0] ?? '',
  running: async (engine) => (await running(engine)).id,
  retry_wait: (engine) => settled(engine, 'wait', { maxFailures: 2 }),
  completed: (engine) => settled(engine, 'complete'),
  failed: (engine) => settled(engine, 'fail'),
  cancelled: async (engine) => {
    const [id = ''] = await submitted(engine, newJob())
    await engine.requestCancel([id], everyone)
    return id
  },
}
async function settled(engine: JobEngine, how: string, more: Partial<NewJob> = {}) {
  const { id, lease } = await running(engine, more)
  const failed = failedWith(how === 'wait' ? { afterMs: 60_000 } : 'never')
  await settleOne(engine, lease, how === 'complete' ? completed : failed)
  return id
}

export function cancelling(open: OpenEngine): void {
  describe('cancelling', () => {
    const its = useEngine(open)

    it.each([
      ['queued', 'cancelled', 'cancelled'],
      ['running', 'requested', 'running'],
      ['retry_wait', 'cancelled', 'cancelled'],
      ['completed', 'finished', 'completed'],
      ['failed', 'finished', 'failed'],
      ['cancelled', 'cancelled', 'cancelled'],
    ] as const)('a %s job answers %s, twice the same', async (from, kind, state) => {
      const { engine } = its
      const id = await inState[from](engine)
      expect(await stateOf(engine, id)).toBe(from)
      const answer = [{ id, kind, state }]
      expect(await engine.requestCancel([id], { scope: 'everyone', reason: 'test' })).toEqual(
        answer,
      )
      const once = await jobOf(engine, id)
      expect(await engine.requestCancel([id], everyone)).toEqual(answer)
      expect(await jobOf(engine, id)).toEqual(once)
    })

    it('reaches the worker by touch, and ends when it settles', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      await engine.requestCancel([id], everyone)
      expect(await engine.touch(worker, [{ lease }])).toEqual([{ lease, verdict: 'cancel' }])
      expect(await settleOne(engine, lease, { kind: 'cancelled' })).toBe('settled')
      expect(await typesOf(engine, id)).toEqual([
        'queued',
        'started',
        'cancel_requested',
        'cancelled',
      ])
    })

    it('ends at once when the worker releases the job instead', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      await engine.requestCancel([id], everyone)
      await engine.release([lease])
      expect(await stateOf(engine, id)).toBe('cancelled')
    })

    it('takes a cancelled job out of its queue', async () => {
      const { engine } = its
      const [id = '', other] = await submitted(engine, newJob(), newJob())
      await engine.requestCancel([id], everyone)
      expect((await claimUpTo(engine, 5)).map(({ job }) => job.id)).toEqual([other])
    })

    it("does not know others' jobs, nor jobs that never were", async () => {
      const { engine } = its
      const [id = ''] = await submitted(engine, newJob({ owner: 'ann' }))
      const ids = [id, 'no-such-job']
      const unknown = ids.map((one) => ({ id: one, kind: 'unknown' }))
      expect(await engine.requestCancel(ids, { scope: { owner: 'bob' } })).toEqual(unknown)
      expect(await engine.retry(ids, 'start', { owner: 'bob' })).toEqual(unknown)
      expect(await engine.get(ids, { owner: 'bob' })).toEqual([])
      expect(await stateOf(engine, id)).toBe('queued')
    })
  })

  describe('cancelling a worker that does not listen', () => {
    const its = useEngine(open, { leaseMs: 40, stopGraceMs: 40 })

    it('takes the lease away in the end', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      await engine.requestCancel([id], everyone)
      while ((await stateOf(engine, id)) === 'running') {
        await engine.touch(worker, [{ lease }])
        await engine.sweep()
      }
      expect(await stateOf(engine, id)).toBe('cancelled')
    })
  })

  describe('retrying', () => {
    const its = useEngine(open)

    it.each(['completed', 'failed', 'cancelled'] as const)(
      'gives a %s job a new life under its id',
      async (from) => {
        const { engine } = its
        const id = await inState[from](engine)
        const before = await jobOf(engine, id)
        expect(await engine.retry([id], 'start')).toEqual([{ id, kind: 'retried' }])
        expect(await engine.retry([id], 'start')).toEqual([{ id, kind: 'not-finished' }])
        const after = await jobOf(engine, id)
        expect(after).toMatchObject({ state: 'queued', failures: 0, lost: 0, seq: before.seq })
        for (const gone of ['result', 'problem', 'completedAt', 'startedAt', 'cancelRequestedAt'])
          expect(after).not.toHaveProperty(gone)
        const [claim] = await claimUpTo(engine, 1)
        expect(leaseOf(claim)).toMatchObject({ jobId: id, attempt: before.attempt + 1 })
        expect(await settleOne(engine, leaseOf(claim), completed)).toBe('settled')
      },
    )

    it.each(['queued', 'running', 'retry_wait'] as const)('leaves a %s job alone', async (from) => {
      const { engine } = its
      const id = await inState[from](engine)
      expect(await engine.retry([id], 'start')).toEqual([{ id, kind: 'not-finished' }])
      expect(await stateOf(engine, id)).toBe(from)
    })

    it('goes on from the last checkpoint, or from the start', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      const manifest = manifestOf(5)
      await engine.checkpoint(lease, manifest)
      await settleOne(engine, lease, failedWith('never'))
      await engine.retry([id], 'checkpoint')
      const [resumed] = await claimUpTo(engine, 1)
      expect(resumed).toMatchObject({ checkpoint: manifest })
      await settleOne(engine, leaseOf(resumed), failedWith('never'))
      await engine.retry([id], 'start')
      expect((await claimUpTo(engine, 1))[0]).not.toHaveProperty('checkpoint')
    })

    it('gives the job the memory that was said, until another retry says otherwise', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      const params = (await jobOf(engine, id)).params
      await settleOne(engine, lease, failedWith('never'))
      for (const [said, has] of [
        [5e9, 5e9],
        [undefined, 5e9],
        [6e9, 6e9],
      ] as const) {
        await engine.retry([id], 'start', 'everyone', { memoryBytes: said })
        const [claim] = await claimUpTo(engine, 1)
        expect(claim?.job.params).toEqual({ ...params, memoryBytes: has })
        await settleOne(engine, leaseOf(claim), failedWith('never'))
      }
    })
  })
}
