import { describe, expect, it } from 'vitest'
import type { Claim, JobEngine, Lease, Outcome } from '../engine.ts'
import {
  claimUpTo,
  completed,
  failedWith,
  idsOf,
  jobOf,
  leaseOf,
  newJob,
  running,
  stateOf,
  submitted,
  typesOf,
  useEngine,
  worker,
  workerNamed,
  type OpenEngine,
} from './harness.ts'

const many = (count: number, owner = 'ann') =>
  Array.from({ length: count }, () => newJob({ owner }))

/** One slot turns over: what ends, and what comes in its place. */
const turnOver = (
  engine: JobEngine,
  lease: Lease,
  {
    outcome = completed,
    slots = 1,
    queue = 'q',
    by = worker,
  }: {
    readonly outcome?: Outcome
    readonly slots?: number
    readonly queue?: string
    readonly by?: typeof worker
  } = {},
) => engine.settleAndClaim([{ lease, outcome }], by, [{ queue, slots }])

export function turningOver(open: OpenEngine): void {
  describe('settling and claiming in one call', () => {
    const its = useEngine(open, { backoff: () => 60_000 })

    it('ends one attempt and begins the next', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      const [next = ''] = await submitted(engine, newJob())
      const { verdicts, claims } = await turnOver(engine, lease)
      expect([verdicts, idsOf(claims)]).toEqual([['settled'], [next]])
      expect(await typesOf(engine, id)).toEqual(['queued', 'started', 'completed'])
      expect(await typesOf(engine, next)).toEqual(['queued', 'started'])
      const last = await turnOver(engine, leaseOf(claims[0]))
      expect(last).toEqual({ verdicts: ['settled'], claims: [] })
    })

    it('claims also where the lease was lost, or nothing was to be settled', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      const [one = '', two = ''] = await submitted(engine, newJob(), newJob())
      const zombie = await turnOver(engine, { ...lease, nonce: 'forged' })
      expect([zombie.verdicts, idsOf(zombie.claims)]).toEqual([['lost'], [one]])
      expect(await stateOf(engine, id)).toBe('running')
      const idle = await engine.settleAndClaim([], worker, [{ queue: 'q', slots: 1 }])
      expect([idle.verdicts, idsOf(idle.claims)]).toEqual([[], [two]])
    })

    it('gives the slot that came free to the owner whose turn it is', async () => {
      const { engine } = its
      await submitted(engine, ...many(9, 'ann'), ...many(9, 'bob'), ...many(9, 'cat'))
      let held = await claimUpTo(engine, 3)
      for (let turn = 0; turn < 8; turn += 1) {
        const owners = held.map(({ job }) => job.owner)
        expect(owners.toSorted()).toEqual(['ann', 'bob', 'cat'])
        const next: Claim[] = []
        for (const one of held) next.push(...(await turnOver(engine, leaseOf(one))).claims)
        held = next
      }
    })

    it('never exceeds the caps of queue and owner, and counts the slot that comes free', async () => {
      const { engine } = its
      await engine.setQueue('q', { maxRunning: 2 })
      await engine.setQueue('q', { owner: 'ann', maxRunning: 1 })
      await submitted(engine, ...many(4, 'ann'))
      const [ann] = await claimUpTo(engine, 5)
      const again = await turnOver(engine, leaseOf(ann), { slots: 5 })
      expect(again.claims).toHaveLength(1)
      await submitted(engine, ...many(4, 'bob'))
      const both = await turnOver(engine, leaseOf(again.claims[0]), { slots: 5 })
      expect(both.claims.map(({ job }) => job.owner).toSorted()).toEqual(['ann', 'bob'])
      expect((await turnOver(engine, leaseOf(both.claims[0]), { slots: 5 })).claims).toHaveLength(1)
    })

    it('starts nothing beyond the rate of the queue, nor of a paused one', async () => {
      const { engine } = its
      await engine.setQueue('q', { ratePerMinute: 1 })
      await submitted(engine, ...many(3))
      const [first] = await claimUpTo(engine, 3)
      expect(await turnOver(engine, leaseOf(first))).toEqual({ verdicts: ['settled'], claims: [] })
      await engine.setQueue('q', { ratePerMinute: null, paused: true })
      const idle = await engine.settleAndClaim([], worker, [{ queue: 'q', slots: 1 }])
      expect(idle.claims).toEqual([])
    })

    it('says why others go on waiting', async () => {
      const { engine } = its
      const { lease } = await running(engine, { owner: 'ann' })
      await submitted(engine, ...many(2, 'ann'), ...many(2, 'bob'))
      const { claims } = await turnOver(engine, lease)
      expect(claims[0]?.job.owner).toBe('bob')
      const page = await engine.list({ scope: 'everyone', states: ['queued'] }, { limit: 9 })
      const reasons = page.jobs.map(({ owner, waiting }) => `${owner} ${waiting?.reason}`)
      expect(reasons.toSorted()).toEqual(['ann slots', 'ann slots', 'bob owner-share'])
    })

    it('takes a job that it puts back itself no more than once', async () => {
      const { engine } = its
      const { id, lease } = await running(engine)
      const { claims } = await turnOver(engine, lease, { outcome: failedWith('lost'), slots: 4 })
      const rest = await claimUpTo(engine, 4)
      expect(idsOf([...claims, ...rest])).toEqual([id])
      expect(await jobOf(engine, id)).toMatchObject({ state: 'running', attempt: 2, lost: 1 })
    })

    it('claims from another queue than that of what ends', async () => {
      const { engine } = its
      const { lease } = await running(engine, { queue: 'z' })
      const [there = ''] = await submitted(engine, newJob({ queue: 'a' }))
      const { claims } = await turnOver(engine, lease, { queue: 'a' })
      expect(idsOf(claims)).toEqual([there])
    })

    it('gives each of many callers at once what it asked for, in its own name', async () => {
      const { engine } = its
      await submitted(engine, ...many(20))
      const held = await claimUpTo(engine, 6)
      const answers = await Promise.all(
        held.map(({ lease }, n) =>
          turnOver(engine, lease, { slots: n % 3, by: workerNamed(`w${n % 2}`) }),
        ),
      )
      expect(answers.map(({ claims }) => claims.length)).toEqual([0, 1, 2, 0, 1, 2])
      expect(new Set(answers.flatMap(({ claims }) => idsOf(claims))).size).toBe(6)
      for (const [n, { claims }] of answers.entries())
        for (const { job } of claims) expect((await jobOf(engine, job.id)).worker).toBe(`w${n % 2}`)
    })

    it('claims nothing where settling fails, and takes nobody else along', async () => {
      const { engine } = its
      await submitted(engine, ...many(6))
      const [good, bad] = await claimUpTo(engine, 2)
      const wrong = { statement: 'nobody registered this', params: [] }
      const [right, failed] = await Promise.allSettled([
        turnOver(engine, leaseOf(good)),
        engine.settleAndClaim(
          [{ lease: leaseOf(bad), outcome: completed, also: [wrong] }],
          worker,
          [{ queue: 'q', slots: 2 }],
        ),
      ])
      expect(failed.status).toBe('rejected')
      expect(right).toMatchObject({ value: { verdicts: ['settled'], claims: [{}] } })
      expect(await engine.queues()).toMatchObject([{ queued: 3, running: 2 }])
    })
  })
}
