import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { Claim, JobEngine, Settlement, Want } from '../jobs/engine.ts'
import { ClaimLoop } from './claim-loop.ts'

const claimOf = (name: string) => ({ lease: { jobId: name } }) as Claim

function loopWith(
  claim: (queue: string, slots: number) => Promise<Claim[]>,
  options: {
    wanted?: Want[]
    slots?: number
    /** Whose jobs wait for others more than they work, and take no slot. */
    ownPools?: readonly string[]
    mayClaim?: () => boolean
    publications?: (slots: number) => Promise<Claim[]>
  } = {},
) {
  const begun: string[] = []
  const asked: string[] = []
  const loop = new ClaimLoop(
    {
      log: pino({ level: 'silent' }),
      engine: {
        claim: async (_worker: unknown, [want]: readonly Want[]) => {
          asked.push(want?.queue ?? '')
          return claim(want?.queue ?? '', want?.slots ?? 0)
        },
        settle: async () => (asked.push('settled'), ['settled']),
        settleAndClaim: async (_items: unknown, _worker: unknown, [want]: readonly Want[]) => {
          asked.push(`settled and ${want?.queue}`)
          return { verdicts: ['settled'], claims: await claim(want?.queue ?? '', want?.slots ?? 0) }
        },
        claimPublications: async (_worker: unknown, slots: number) =>
          (await options.publications?.(slots)) ?? [],
      } as unknown as JobEngine,
    },
    {
      worker: () => ({ id: 'w', host: 'h', bootId: 'b', pid: 1, slots: 1 }),
      queues: () => options.wanted?.map(({ queue }) => queue) ?? ['q'],
      wanted: () => options.wanted ?? [{ queue: 'q', slots: 2 }],
      free: (queue = '') =>
        options.ownPools?.includes(queue) ? Infinity : (options.slots ?? 2) - begun.length,
      mayClaim: async () => options.mayClaim?.() ?? true,
      begin: ({ lease }) => begun.push(lease.jobId),
    },
  )
  return { loop, begun, asked }
}

it('begins what it claimed, and asks for no more than there is room', async () => {
  const { loop, begun, asked } = loopWith(async () => [claimOf('a'), claimOf('b')])
  loop.request()
  await expect.poll(() => begun).toEqual(['a', 'b'])
  loop.request()
  await loop.stop()
  expect(asked).toEqual(['q'])
})

it('asks once more after the round under way, however often it was asked to', async () => {
  const gate = Promise.withResolvers<void>()
  const { loop, asked } = loopWith(async () => (await gate.promise, []))
  loop.request()
  await expect.poll(() => asked.length).toBe(1)
  for (let i = 0; i < 5; i++) loop.request()
  gate.resolve()
  await expect.poll(() => asked.length).toBe(2)
  await loop.stop()
  expect(asked).toHaveLength(2)
})

it('begins each round with another queue', async () => {
  const wanted = [
    { queue: 'one', slots: 1 },
    { queue: 'two', slots: 1 },
  ]
  const { loop, asked } = loopWith(async () => [], { wanted })
  for (const round of [2, 4]) {
    loop.request()
    await expect.poll(() => asked.length).toBe(round)
    await new Promise(setImmediate)
  }
  await loop.stop()
  expect(asked).toEqual(['one', 'two', 'two', 'one'])
})

it('tries again by itself after a failure, and not at once when somebody asks', async () => {
  let away = true
  const { loop, asked, begun } = loopWith(async () => {
    if (away) throw new Error('the database is away')
    return [claimOf('a')]
  })
  loop.request()
  await expect.poll(() => asked.length).toBe(1)
  away = false
  await new Promise(setImmediate)
  loop.request()
  expect(asked).toHaveLength(1)
  await expect.poll(() => begun, { timeout: 5000 }).toEqual(['a'])
  await loop.stop()
})

it('claims for a queue that takes no slot while every slot is taken, as many as that queue has room for', async () => {
  const slots = new Map<string, number>()
  const { loop, begun, asked } = loopWith(
    async (queue, room) => (slots.set(queue, room), [claimOf('a'), claimOf('b')]),
    {
      slots: 0,
      ownPools: ['paid'],
      wanted: [
        { queue: 'q', slots: 2 },
        { queue: 'paid', slots: 5 },
      ],
      publications: async () => [claimOf('left over')],
    },
  )
  loop.request({ publications: true })
  await expect.poll(() => begun).toEqual(['a', 'b'])
  await loop.stop()
  expect(asked).toEqual(['paid'])
  expect(slots).toEqual(new Map([['paid', 5]]))
})

it('claims nothing while it may not, and nothing after its stop', async () => {
  let may = false
  const { loop, asked } = loopWith(async () => [], { mayClaim: () => may })
  loop.request()
  await new Promise(setImmediate)
  may = true
  await loop.stop()
  loop.request()
  await new Promise(setImmediate)
  expect(asked).toEqual([])
})

it('asks for publications of any queue when told to, and only then', async () => {
  const asked: number[] = []
  const { loop, begun } = loopWith(async () => [], {
    publications: async (slots) => {
      asked.push(slots)
      return [claimOf('left over')]
    },
  })
  loop.request()
  await loop.stop()
  expect(asked).toEqual([])
  const other = loopWith(async () => [], { publications: async () => [claimOf('left over')] })
  other.loop.request({ publications: true })
  await expect.poll(() => other.begun).toEqual(['left over'])
  await other.loop.stop()
  expect(begun).toEqual([])
})

const ended = [] as readonly Settlement[]

it('asks for the next job in the call that ends one, and begins it before that is answered', async () => {
  const { loop, begun, asked } = loopWith(async () => [claimOf('next')], { slots: 0 })
  const wanted = () => [{ queue: 'q', slots: 1 }]
  const handOn = () => loop.handOn(ended, wanted, ({ lease }) => begun.push(lease.jobId))
  // Nobody has said that there is anything.
  expect(await handOn()).toEqual(['settled'])
  loop.request({ queues: ['q'] })
  expect(await handOn()).toEqual(['settled'])
  expect(begun).toEqual(['next'])
  await loop.stop()
  await handOn()
  expect(asked).toEqual(['settled', 'settled and q', 'settled'])
})

it('gives every queue that may have something its turn with the slots that come free', async () => {
  const gave: Record<string, number> = { one: 9, two: 9, three: 0 }
  const { loop, asked } = loopWith(async (queue) => (gave[queue] ? [claimOf(queue)] : []), {
    wanted: Object.keys(gave).map((queue) => ({ queue, slots: 1 })),
    slots: 0,
  })
  loop.request({ publications: true })
  const wanted = () => Object.keys(gave).map((queue) => ({ queue, slots: 1 }))
  for (let end = 0; end < 8; end++) await loop.handOn(ended, wanted, () => undefined)
  await loop.stop()
  const turns = (queue: string) => asked.filter((one) => one === `settled and ${queue}`).length
  expect(turns('three')).toBe(1)
  expect(Math.abs(turns('one') - turns('two'))).toBeLessThanOrEqual(1)
  expect(turns('one') + turns('two')).toBe(7)
})

it('does not ask for the same room twice at once', async () => {
  const gate = Promise.withResolvers<void>()
  const { loop, asked } = loopWith(async () => (await gate.promise, [claimOf('a')]), { slots: 0 })
  loop.request({ queues: ['q'] })
  const wanted = () => [{ queue: 'q', slots: 1 }]
  const first = loop.handOn(ended, wanted, () => undefined)
  await expect.poll(() => asked).toEqual(['settled and q'])
  await loop.handOn(ended, wanted, () => undefined)
  gate.resolve()
  await first
  await loop.stop()
  expect(asked).toEqual(['settled and q', 'settled'])
})

it('leaves a settle that failed to the caller, and claims nothing for it', async () => {
  const away = async () => Promise.reject(new Error('the database is away'))
  const { loop, begun } = loopWith(away, { slots: 0 })
  const wanted = () => [{ queue: 'q', slots: 1 }]
  loop.request({ queues: ['q'] })
  await expect(loop.handOn(ended, wanted, () => undefined)).rejects.toThrow('away')
  await loop.stop()
  expect(begun).toEqual([])
})

it('asks for a slot that comes free only where something is known to wait', async () => {
  const wanted = [
    { queue: 'dry', slots: 1 },
    { queue: 'rich', slots: 1 },
  ]
  const claim = async (queue: string) => (queue === 'rich' ? [claimOf('a')] : [])
  const { loop, asked } = loopWith(claim, { wanted, slots: 9 })
  loop.request()
  await expect.poll(() => asked).toEqual(['dry', 'rich'])
  await new Promise(setImmediate)
  loop.request({ queues: [] })
  await loop.stop()
  expect(asked).toEqual(['dry', 'rich', 'rich'])
})

it('asks again where something was named while the answer was under way', async () => {
  const gate = Promise.withResolvers<void>()
  const { loop, asked } = loopWith(async () => (await gate.promise, []))
  loop.request({ queues: ['q'] })
  await expect.poll(() => asked.length).toBe(1)
  loop.request({ queues: ['q'] })
  gate.resolve()
  await expect.poll(() => asked.length).toBe(2)
  await loop.stop()
})

it('asks for a slot that comes free also its own queue, of which nothing is known', async () => {
  const { loop, asked } = loopWith(async () => [])
  const settle = (own?: string) =>
    loop.handOn(
      [],
      () => [{ queue: 'q', slots: 1 }],
      () => undefined,
      own,
    )
  await settle()
  await settle('q')
  await settle('other')
  expect(asked).toEqual(['settled', 'settled and q', 'settled'])
})
