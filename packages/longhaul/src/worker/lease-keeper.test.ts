import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { Lease, Verdict, WorkerInfo } from '../jobs/engine.ts'
import { readConfig } from '../app/config.ts'
import { LeaseKeeper } from './lease-keeper.ts'

const leaseMs = 10_000
const config = readConfig({ leaseMs }, {})
const worker: WorkerInfo = { id: 'w', host: 'h', bootId: 'b', pid: 1, slots: 1 }

/** An attempt as far as its keeper knows it; ends when it is told to. */
function attemptOf(name: string, options: { isEnding?: boolean; silentMs?: number } = {}) {
  const done = Promise.withResolvers<void>()
  const heard: string[] = []
  const lease: Lease = { jobId: name, attempt: 1, nonce: name }
  return {
    lease,
    heard,
    done: done.promise,
    silentMs: options.silentMs ?? 0,
    isEnding: options.isEnding ?? false,
    get isLost() {
      return heard.includes('lost')
    },
    takeProgress: () => undefined,
    heed: (verdict: Verdict) => void (verdict === 'held' || heard.push(verdict)),
    stop: (reason: string) => {
      heard.push(reason)
      done.resolve()
    },
  }
}

/** A clock that is set by hand, and an engine that answers as the test says. */
function keeperWith(touch: (names: string[]) => Promise<Verdict>) {
  let now = 0
  const touched: { names: string[]; silentMs: (number | undefined)[] }[] = []
  const released: string[] = []
  let releases: () => Promise<void> = async () => undefined
  const keeper = new LeaseKeeper(
    {
      config,
      log: pino({ level: 'silent' }),
      engine: {
        touch: async (_worker, held) => {
          const names = held.map(({ lease }) => lease.jobId)
          touched.push({ names, silentMs: held.map(({ silentMs }) => silentMs) })
          const verdict = await touch(names)
          return held.map(({ lease }) => ({ lease, verdict }))
        },
        release: async (leases) => {
          await releases()
          released.push(...leases.map(({ jobId }) => jobId))
        },
      },
    },
    () => worker,
    () => now,
  )
  return {
    keeper,
    touched,
    released,
    /** In steps, as the fence's timer does: a process that does not stand still. */
    pass: (ms: number) => {
      for (const end = now + ms; now < end;) {
        now += Math.min(500, end - now)
        keeper.fence()
      }
    },
    standStill: (ms: number) => {
      now += ms
      keeper.fence()
    },
    whenReleasing: (work: () => Promise<void>) => (releases = work),
  }
}
const held = async (): Promise<Verdict> => 'held'
const away = () => Promise.reject(new Error('the database is away'))

it('kills what could not be touched for 0.8 of the lease, not before', () => {
  const { keeper, pass } = keeperWith(held)
  const attempt = attemptOf('a')
  keeper.keep(attempt, 0)
  pass(7900)
  expect(attempt.heard).toEqual([])
  pass(200)
  expect(attempt.heard).toEqual(['lost'])
})

it('counts from when a confirmed touch was sent, not from its answer', async () => {
  const answer = Promise.withResolvers<Verdict>()
  const { keeper, pass } = keeperWith(() => answer.promise)
  const attempt = attemptOf('a')
  keeper.keep(attempt, 0)
  pass(1000)
  const touching = keeper.touch(true)
  pass(5000)
  answer.resolve('held')
  await touching
  pass(2900)
  expect(attempt.heard).toEqual([])
  pass(200)
  expect(attempt.heard).toEqual(['lost'])
})

it('lets a fresh claim have its own clock while an old touch hangs', () => {
  const { keeper, pass } = keeperWith(() => new Promise(() => undefined))
  const old = attemptOf('old')
  const fresh = attemptOf('fresh')
  keeper.keep(old, 0)
  void keeper.touch(true)
  pass(7000)
  keeper.keep(fresh, 7000)
  pass(2000)
  expect({ old: old.heard, fresh: fresh.heard }).toEqual({ old: ['lost'], fresh: [] })
})

it('gives back uncounted what it killed because the database was away, once there is one again', async () => {
  const { keeper, pass, released, whenReleasing } = keeperWith(away)
  const attempt = attemptOf('a')
  keeper.keep(attempt, 0)
  pass(1000)
  await expect(keeper.touch(true)).rejects.toThrow('away')
  let tries = 0
  const back = Promise.withResolvers<void>()
  whenReleasing(async () => {
    if (++tries === 1) throw new Error('still away')
    back.resolve()
  })
  pass(7500)
  await back.promise
  await expect.poll(() => released).toEqual(['a'])
})

it('leaves to the sweep what was lost because this process stood still', async () => {
  const { keeper, standStill, released } = keeperWith(held)
  const attempt = attemptOf('a')
  keeper.keep(attempt, 0)
  standStill(9000)
  await attempt.done
  await new Promise(setImmediate)
  expect(attempt.heard).toEqual(['lost'])
  expect(released).toEqual([])
})

it('does not fence what only has to settle', () => {
  const { keeper, pass } = keeperWith(held)
  const attempt = attemptOf('a', { isEnding: true })
  keeper.keep(attempt, 0)
  pass(20_000)
  expect(attempt.heard).toEqual([])
})

it('passes on what the engine says, and touches no longer what is lost or has ended', async () => {
  const { keeper, touched, pass } = keeperWith(async () => 'cancel')
  const attempt = attemptOf('a')
  const gone = attemptOf('b')
  keeper.keep(attempt, 0)
  keeper.keep(gone, 0)
  gone.stop('drain')
  await gone.done
  await new Promise(setImmediate)
  await keeper.touch(true)
  expect(attempt.heard).toEqual(['cancel'])
  attempt.stop('lost')
  await keeper.touch(true)
  expect(touched.map(({ names }) => names)).toEqual([['a'], []])
  pass(1)
})

it('tells of a long silence, not of a short one', async () => {
  const { keeper, touched } = keeperWith(held)
  keeper.keep(attemptOf('short', { silentMs: 5000 }), 0)
  keeper.keep(attemptOf('long', { silentMs: 90_000 }), 0)
  await keeper.touch(true)
  expect(touched[0]?.silentMs).toEqual([undefined, 90_000])
})
