import { afterEach, beforeEach, expect } from 'vitest'
import type { Claim, JobEngine, Lease, NewJob, Outcome } from '../engine.ts'
import { isTerminal, type Job, type JobId } from '../job.ts'
import { newJob, worker } from './fixtures.ts'

export * from './fixtures.ts'

/** What a driver must let the suite choose; every value has the driver's own default. */
export interface EngineTestOptions {
  readonly leaseMs?: number
  readonly lostLimit?: number
  readonly stopGraceMs?: number
  readonly maxQueuedPerOwner?: number
  readonly maxQueued?: number
  readonly retentionMs?: number
  readonly backoff?: (failures: number, seed: string) => number
}

/** One empty engine. */
export interface EngineUnderTest {
  readonly engine: JobEngine
  /** Another engine on the same database, with connections of its own. */
  another(): Promise<JobEngine>
  /** Counters that differ from the jobs they count. */
  drift(): Promise<readonly unknown[]>
  /** How a separate process opens it: `module` exports `openForTest(argument)`, see OpenForTest. */
  readonly opener: { readonly module: string; readonly argument: string }
  stop(): Promise<void>
}
export type OpenEngine = (options: EngineTestOptions) => Promise<EngineUnderTest>

/** A fresh engine per test; after each one every promise that must always hold is checked on what the test left. */
export function useEngine(open: OpenEngine, options: EngineTestOptions = {}) {
  let current: EngineUnderTest | undefined
  beforeEach(async () => {
    current = await open(options)
  })
  afterEach(async () => {
    const test = current
    current = undefined
    if (test === undefined) return
    try {
      await checkInvariants(test)
    } finally {
      await test.stop()
    }
  })
  return {
    get test(): EngineUnderTest {
      if (current === undefined) throw new Error('Only inside a test')
      return current
    },
    get engine(): JobEngine {
      return this.test.engine
    },
  }
}

/** Running ⇔ leased; counters = recount; event numbers without a gap; one terminal event per life; waits without a rest. */
export async function checkInvariants(test: EngineUnderTest): Promise<void> {
  const { engine } = test
  expect(await test.drift()).toEqual([])
  for (let before: number | undefined; ;) {
    const page = await engine.list(
      { scope: 'everyone' },
      { limit: 1000, ...(before === undefined ? {} : { before }) },
    )
    for (const job of page.jobs) await checkJob(engine, job)
    for (const job of page.jobs.slice(0, 50)) await checkWaits(engine, job)
    if (page.next === undefined) return
    before = page.next
  }
}

async function checkJob(engine: JobEngine, job: Job): Promise<void> {
  const { id, state } = job
  const leased = job.worker !== undefined && job.leaseExpiresAt !== undefined
  expect({ id, leased }).toEqual({ id, leased: state === 'running' })
  const events = await engine.read(id, 0, 1_000_000)
  expect(events.map((event) => event.no)).toEqual(
    Array.from({ length: job.eventNo }, (_, index) => index + 1),
  )
  const ends = events.filter((event) => isTerminal(event.type as Job['state'])).length
  const lives = events.filter((event) => event.type === 'retried').length + 1
  expect({ id, ends }).toEqual({ id, ends: isTerminal(state) ? lives : lives - 1 })
}

/** From the creation (or the retry) to the first start, the end, or open: one interval after the other. */
async function checkWaits(engine: JobEngine, { id, createdAt, startedAt, completedAt }: Job) {
  const waits = (await engine.waits(id, 'everyone')) ?? []
  const retried = (await engine.read(id, 0, 1_000_000)).findLast(({ type }) => type === 'retried')
  const from = retried?.at ?? createdAt
  const to = startedAt ?? completedAt
  if (waits.length > 0 || to === undefined) {
    expect({ id, from: waits[0]?.from }).toEqual({ id, from })
    expect({ id, to: waits.at(-1)?.to }).toEqual({ id, to })
  } else expect({ id, waited: to - from }).toEqual({ id, waited: 0 })
  waits.slice(1).forEach((wait, index) => {
    expect({ id, from: wait.from }).toEqual({ id, from: waits[index]?.to })
  })
}

export async function submitted(engine: JobEngine, ...jobs: readonly NewJob[]): Promise<JobId[]> {
  const answers = await engine.submit(jobs)
  expect(answers.map((answer) => answer.kind)).toEqual(jobs.map(() => 'created'))
  return jobs.map((job) => job.id)
}

export const claimUpTo = (engine: JobEngine, slots: number, queue = 'q', by = worker) =>
  engine.claim(by, [{ queue, slots }])

/** Submits one job and claims it. */
export async function running(engine: JobEngine, more: Partial<NewJob> = {}, by = worker) {
  const [id = ''] = await submitted(engine, newJob(more))
  const [claim] = await claimUpTo(engine, 1, more.queue ?? 'q', by)
  expect(claim?.job.id).toBe(id)
  return { id, lease: leaseOf(claim) }
}

export function leaseOf(claim: Claim | undefined): Lease {
  if (claim === undefined) throw new Error('Nothing was claimed')
  return claim.lease
}
export const idsOf = (claims: readonly Claim[]): JobId[] => claims.map(({ job }) => job.id)

export async function jobOf(engine: JobEngine, id: JobId): Promise<Job> {
  const [job] = await engine.get([id], 'everyone')
  if (job === undefined) throw new Error(`No job ${id}`)
  return job
}
export const stateOf = async (engine: JobEngine, id: JobId) => (await jobOf(engine, id)).state
export const typesOf = async (engine: JobEngine, id: JobId): Promise<string[]> =>
  (await engine.read(id, 0, 1000)).map((event) => event.type)

export const settleOne = async (engine: JobEngine, lease: Lease, outcome: Outcome) =>
  (await engine.settle([{ lease, outcome }]))[0]

/** Waits for a condition, not for a time; the test's own limit bounds it. */
export async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((done) => setTimeout(done, 5))
  }
}

/** Sweeps until the job is no longer running; answers the report that did it. */
export const sweptAway = (engine: JobEngine, id: JobId) =>
  until(async () => {
    const report = await engine.sweep()
    const { state } = await jobOf(engine, id)
    return state === 'running' ? undefined : report
  })
