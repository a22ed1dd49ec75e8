import { describe, expect, it } from 'vitest'
import { isDeepStrictEqual } from 'node:util'
import type { Wakeup } from '../engine.ts'
import type { Job } from '../job.ts'
import {
  claimUpTo,
  completed,
  leaseOf,
  newJob,
  running,
  settleOne,
  stateOf,
  submitted,
  typesOf,
  until,
  useEngine,
  worker,
  type OpenEngine,
} from './harness.ts'

export function eventsAndLists(open: OpenEngine): void {
  describe('events', () => {
    const its = useEngine(open)

    it('are numbered without a gap, with what workers append among them', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      await engine.append([
        { lease, type: 'message', data: { text: 'one' } },
        { lease, type: 'output', data: { name: 'a.json' } },
      ])
      await settleOne(engine, lease, completed)
      const events = await engine.read(id, 0, 100)
      expect(events.map(({ no, type, attempt }) => [no, type, attempt])).toEqual([
        [1, 'queued', 0],
        [2, 'started', 1],
        [3, 'message', 1],
        [4, 'output', 1],
        [5, 'completed', 1],
      ])
      expect(events[2]).toMatchObject({ jobId: id, data: { text: 'one' } })
      expect(await engine.read(id, 2, 2)).toEqual(events.slice(2, 4))
      expect(await engine.read(id, 5, 100)).toEqual([])
    })

    it('of many simultaneous writers stay gapless', async () => {
      const { engine } = its
      const other = await its.test.another()
      const { id, lease } = await running(engine)
      await Promise.all(
        Array.from({ length: 40 }, (_, n) =>
          (n % 2 === 0 ? engine : other).append([{ lease, type: 'message', data: { n } }]),
        ),
      )
      expect(await typesOf(engine, id)).toHaveLength(42)
    })
  })

  describe('wakeups', () => {
    const its = useEngine(open)

    it('tell of new work and of changes, from this engine and from another, and end', async () => {
      const { engine } = its
      const other = await its.test.another()
      const stop = new AbortController()
      const heard: Wakeup[] = []
      const listening = (async () => {
        for await (const wakeup of engine.wakeups(stop.signal)) heard.push(wakeup)
      })()
      const hears = (wakeup: Wakeup) =>
        until(async () =>
          heard.some((one) => isDeepStrictEqual({ ...one, ...wakeup }, one)) ? true : undefined,
        )
      const { id, lease } = await running(engine)
      await hears({ kind: 'queued', queue: 'q' })
      await hears({ kind: 'changed', jobId: id })
      const [waiting = ''] = await submitted(engine, newJob())
      await hears({ kind: 'changed', jobId: waiting })
      heard.length = 0
      await settleOne(engine, lease, completed)
      // A slot is free, and something waits: who was kept back by a limit may claim.
      await hears({ kind: 'queued', queue: 'q' })
      const far = await running(other, { queue: 'far' })
      await hears({ kind: 'queued', queue: 'far' })
      await hears({ kind: 'changed', jobId: far.id })
      heard.length = 0
      await other.touch(worker, [{ lease: far.lease, progress: { percent: 1 } }])
      // Apart from other changes: progress is no reason for a worker to look for a cancel.
      await hears({ kind: 'progressed', jobId: far.id })
      await submitted(other, newJob({ queue: 'later', delayMs: 20 }))
      heard.length = 0
      await hears({ kind: 'queued', queue: 'later' })
      stop.abort()
      await listening
    })
  })

  describe('lists', () => {
    const its = useEngine(open)
    const seqs = (jobs: readonly Job[]) => jobs.map((job) => job.id)

    it('show the newest first, page by page, with an exact total', async () => {
      const { engine } = its
      const ids = await submitted(engine, ...Array.from({ length: 7 }, () => newJob()))
      const newest = ids.toReversed()
      const first = await engine.list({ scope: 'everyone' }, { limit: 3 })
      expect(seqs(first.jobs)).toEqual(newest.slice(0, 3))
      expect(first).toMatchObject({ total: 7, totalIsEstimate: false })
      const second = await engine.list(
        { scope: { owner: 'ann' } },
        { limit: 4, before: first.next ?? 0 },
      )
      expect(seqs(second.jobs)).toEqual(newest.slice(3))
      expect(second).not.toHaveProperty('next')
      const skipped = await engine.list({ scope: 'everyone' }, { limit: 2, offset: 4 })
      expect(seqs(skipped.jobs)).toEqual(newest.slice(4, 6))
    })

    it('filter by owner, state, kind and processor, alone and together', async () => {
      const { engine } = its
      const [a = '', b = '', c = '', d = ''] = await submitted(
        engine,
        newJob({ owner: 'ann', processor: 'x' }),
        newJob({ owner: 'bob', processor: 'x', kind: 'batch' }),
        newJob({ owner: 'ann', processor: 'y', queue: 'other' }),
        newJob({ owner: 'ann', processor: 'x', kind: 'batch' }),
      )
      const [claim] = await claimUpTo(engine, 1, 'other')
      await settleOne(engine, leaseOf(claim), completed)
      const ann = { owner: 'ann' }
      const cases: [Parameters<typeof engine.list>[0], string[]][] = [
        [{ scope: 'everyone' }, [d, c, b, a]],
        [{ scope: ann }, [d, c, a]],
        [{ scope: ann, states: ['queued'] }, [d, a]],
        [{ scope: ann, states: ['queued', 'completed'] }, [d, c, a]],
        [{ scope: 'everyone', states: ['completed', 'failed'] }, [c]],
        [{ scope: 'everyone', processor: 'x' }, [d, b, a]],
        [{ scope: ann, processor: 'x' }, [d, a]],
        [{ scope: ann, processor: 'x', kinds: ['batch'] }, [d]],
        [{ scope: 'everyone', kinds: ['batch', 'upload'] }, [d, b]],
        [{ scope: 'everyone', kinds: ['batch', 'upload'], states: ['queued'] }, [d, b]],
        [{ scope: ann, kinds: ['batch'], states: ['running'] }, []],
        [{ scope: 'everyone', states: [] }, []],
        [{ scope: { owner: "o'; DROP TABLE job" } }, []],
      ]
      for (const [filter, expected] of cases) {
        const page = await engine.list(filter, { limit: 10 })
        expect({ filter, ids: seqs(page.jobs) }).toEqual({ filter, ids: expected })
        expect({ filter, total: page.total }).toEqual({ filter, total: expected.length })
      }
    })

    it('find jobs by their tags, newest first, and forget them with the job', async () => {
      const { engine } = its
      const tagged = (owner: string, ...tags: string[]) =>
        newJob({ owner, processor: tags[0] ?? 'x', params: { input: {}, tags } })
      const [a = '', b = '', , d = ''] = await submitted(
        engine,
        tagged('ann', 'run=7', 'night'),
        tagged('bob', 'run=7'),
        tagged('ann', 'night'),
        tagged('ann', 'run=7'),
      )
      const ann = { owner: 'ann' }
      const cases: [Parameters<typeof engine.list>[0], string[]][] = [
        [{ scope: 'everyone', tags: ['run=7'] }, [d, b, a]],
        [{ scope: ann, tags: ['run=7'] }, [d, a]],
        [{ scope: ann, tags: ['run=7', 'night'] }, [a]],
        [{ scope: ann, tags: ['run=7'], states: ['completed'] }, []],
        [
          { scope: ann, tags: ['run=7'], states: ['queued', 'failed'], kinds: ['processor'] },
          [d, a],
        ],
        [{ scope: 'everyone', tags: ['run=7'], processor: 'none' }, []],
        [{ scope: 'everyone', tags: ['run'] }, []],
      ]
      for (const [filter, expected] of cases) {
        const { jobs, total } = await engine.list(filter, { limit: 10 })
        expect({ filter, total, ids: seqs(jobs) }).toEqual({
          filter,
          total: expected.length,
          ids: expected,
        })
      }
      const first = await engine.list({ scope: ann, tags: ['run=7'] }, { limit: 1 })
      expect(seqs(first.jobs)).toEqual([d])
      const next = { limit: 1, before: first.next ?? 0 }
      expect(seqs((await engine.list({ scope: ann, tags: ['run=7'] }, next)).jobs)).toEqual([a])
      await engine.requestCancel([a, b], { scope: 'everyone' })
      await engine.remove([a, b])
      const left = await engine.list({ scope: 'everyone', tags: ['run=7'] }, { limit: 10 })
      expect([seqs(left.jobs), left.total]).toEqual([[d], 1])
    })

    it('get jobs in the order asked for, without the unknown', async () => {
      const { engine } = its
      const [a = '', b = ''] = await submitted(engine, newJob(), newJob())
      expect(seqs(await engine.get([b, 'none', a], 'everyone'))).toEqual([b, a])
    })
  })

  describe('removing', () => {
    const its = useEngine(open, { retentionMs: 0 })

    it('deletes finished jobs with all they left, and frees the idempotency key', async () => {
      const { engine } = its
      const idempotency = { key: 'k', hash: 'h' }
      const { id, lease } = await running(engine, { idempotency })
      await expect(engine.remove([id])).rejects.toThrow('running')
      await engine.touch(worker, [{ lease, progress: { percent: 1 } }])
      await settleOne(engine, lease, completed)
      await engine.remove([id, 'no-such-job'])
      expect(await engine.get([id], 'everyone')).toEqual([])
      expect(await engine.read(id, 0, 10)).toEqual([])
      await submitted(engine, newJob({ idempotency }))
    })

    it('prunes what is past its retention, oldest first, and nothing that still runs', async () => {
      const { engine } = its
      const finished = await Promise.all([1, 2, 3].map(() => finishedJob()))
      const alive = await running(engine)
      expect(await engine.prune(2)).toBe(2)
      expect(await engine.prune(2)).toBe(1)
      expect(await engine.prune(2)).toBe(0)
      expect(await engine.get(finished, 'everyone')).toEqual([])
      expect(await stateOf(engine, alive.id)).toBe('running')

      async function finishedJob() {
        const queue = `q${Math.random()}`
        const { id, lease } = await running(engine, { queue })
        await settleOne(engine, lease, completed)
        return id
      }
    })
  })
}
