import fc from 'fast-check'
import type { Claim, JobEngine } from '../engine.ts'
import { isTerminal } from '../job.ts'
import { completed, failedWith, newJob, publishing, workerNamed } from './fixtures.ts'
import type { Model, ModelJob } from './model.ts'

export type Step = (engine: JobEngine, model: Model) => Promise<void>
type Named = { readonly name: string; readonly step: Step }

const fail = (message: string): never => {
  throw new Error(message)
}
const same = (what: string, actual: unknown, expected: unknown): void => {
  if (JSON.stringify(actual) !== JSON.stringify(expected))
    fail(
      `${what}: the engine says ${JSON.stringify(actual)}, the rules ${JSON.stringify(expected)}`,
    )
}
/** 0 is the newest: most steps concern what happened lately, as in life. */
const pick = <T>(from: readonly T[], n: number): T | undefined =>
  from[from.length - 1 - (n % Math.max(1, from.length))]

interface Chosen {
  readonly owner: string
  readonly maxFailures: number
  readonly on: readonly number[]
  readonly onDependency: 'completed' | 'any'
  readonly hasExpiry: boolean
}
const submit =
  ({ owner, maxFailures, on, onDependency, hasExpiry }: Chosen): Step =>
  async (engine, model) => {
    const mine = model.jobs.filter((job) => job.owner === owner)
    const dependsOn = [...new Set(on.flatMap((n) => pick(mine, n) ?? []))]
    const ids = dependsOn.map(({ id }) => id)
    const more = hasExpiry ? { expiresInMs: 0 } : {}
    const job = newJob({ owner, maxFailures, dependsOn: ids, onDependency, ...more })
    await engine.submit([job])
    const made: ModelJob = {
      ...{ id: job.id, owner, maxFailures, dependsOn, onDependency, hasExpiry },
      ...{ state: 'queued', started: false, blockedBy: new Set(), attempt: 0, failures: 0 },
      ...{ lost: 0, publishing: false, cancelRequested: false, holder: undefined },
    }
    model.jobs.push(made)
    model.begin(made)
  }

let claimers = 0
const claim =
  (slots: number): Step =>
  async (engine, model) => {
    await sweep(engine, model)
    const expected = model.claimable(slots)
    const worker = workerNamed(`m${(claimers += 1)}`)
    const claims = await engine.claim(worker, [{ queue: 'q', slots }])
    same('number of claims', claims.length, expected)
    for (const one of claims) take(model, one, worker.id)
  }
function take(model: Model, { lease, resume }: Claim, worker: string): void {
  const job = model.jobOf(lease)
  same(`state of claimed ${job.id}`, job.state, 'queued')
  same(`what ${job.id} waits for`, job.blockedBy.size, 0)
  same(`resume of ${job.id}`, resume, job.publishing ? 'publish' : 'run')
  same(`attempt of ${job.id}`, lease.attempt, job.attempt + 1)
  Object.assign(job, { state: 'running', started: true, attempt: lease.attempt, holder: lease })
  model.leases.push({ lease, worker })
}

type How = 'publishing' | 'completed' | 'cancelled' | 'never' | 'policy' | 'lost'
const outcomes = {
  publishing,
  completed,
  cancelled: { kind: 'cancelled' },
  never: failedWith('never'),
  policy: failedWith('policy'),
  lost: failedWith('lost'),
} as const
const settle =
  (n: number, how: How): Step =>
  async (engine, model) => {
    const lease = pick(model.leases, n)?.lease
    if (lease === undefined) return
    const job = model.jobOf(lease)
    const holds = model.holds(lease)
    const [answer] = await engine.settle([{ lease, outcome: outcomes[how] }])
    same(`settling ${job.id} as ${how}`, answer, holds ? 'settled' : 'lost')
    if (holds) apply(model, job, how)
  }
function apply(model: Model, job: ModelJob, how: How): void {
  if (how === 'publishing') job.publishing = true
  else if (how === 'completed' || how === 'cancelled') model.end(job, how)
  else if (how === 'lost') model.lose(job, false)
  else if (how === 'policy') model.fail(job)
  else {
    job.failures += 1
    model.end(job, 'failed')
  }
}

const turnOver =
  (n: number, how: How, slots: number): Step =>
  async (engine, model) => {
    await sweep(engine, model)
    const lease = pick(model.leases, n)?.lease
    if (lease === undefined) return
    const job = model.jobOf(lease)
    const holds = model.holds(lease)
    const before = model.ready
    const worker = workerNamed(`m${(claimers += 1)}`)
    const { verdicts, claims } = await engine.settleAndClaim(
      [{ lease, outcome: outcomes[how] }],
      worker,
      [{ queue: 'q', slots }],
    )
    same(`settling ${job.id} as ${how}`, verdicts, [holds ? 'settled' : 'lost'])
    if (holds) apply(model, job, how)
    model.sweep()
    // What became ready by the end itself may be given, or left to the next claim.
    const still = before.filter((one) => model.ready.includes(one))
    const [least, most] = [model.claimable(slots, still), model.claimable(slots)]
    const isRight = claims.length >= least && claims.length <= most
    same('number of claims', claims.length, isRight ? claims.length : `${least} to ${most}`)
    for (const one of claims) take(model, one, worker.id)
    await engine.sweep()
  }

const touch =
  (n: number): Step =>
  async (engine, model) => {
    const found = pick(model.leases, n)
    if (found === undefined) return
    const { lease, worker } = found
    const [answer] = await engine.touch(workerNamed(worker), [{ lease, progress: { percent: n } }])
    const { cancelRequested, publishing } = model.jobOf(lease)
    const verdict = cancelRequested && !publishing ? 'cancel' : 'held'
    same('verdict', answer?.verdict, model.holds(lease) ? verdict : 'lost')
  }

const release =
  (n: number): Step =>
  async (engine, model) => {
    const lease = pick(model.leases, n)?.lease
    if (lease === undefined) return
    await engine.release([lease])
    if (!model.holds(lease)) return
    const job = model.jobOf(lease)
    model.end(job, job.cancelRequested && !job.publishing ? 'cancelled' : 'queued')
  }

const kill =
  (n: number): Step =>
  async (engine, model) => {
    const worker = pick(model.leases, n)?.worker
    if (worker === undefined) return
    await engine.forgetDeadWorkers('here', ({ id }) => id !== worker)
    const held = model.leases.filter((one) => one.worker === worker && model.holds(one.lease))
    for (const job of model.jobs.filter(({ holder }) => held.some(({ lease }) => lease === holder)))
      model.lose(job, true)
  }

const cancel =
  (n: number): Step =>
  async (engine, model) => {
    const job = pick(model.jobs, n)
    if (job === undefined) return
    const [answer] = await engine.requestCancel([job.id], { scope: 'everyone' })
    if (!isTerminal(job.state)) {
      job.cancelRequested = true
      if (job.state !== 'running' && !job.publishing) model.end(job, 'cancelled')
    }
    const finished = isTerminal(job.state) ? 'finished' : 'requested'
    same('cancel', answer?.kind, job.state === 'cancelled' ? 'cancelled' : finished)
  }

const retry =
  (n: number): Step =>
  async (engine, model) => {
    const job = pick(model.jobs, n)
    if (job === undefined) return
    const [answer] = await engine.retry([job.id], 'start')
    same('retry', answer?.kind, isTerminal(job.state) ? 'retried' : 'not-finished')
    if (!isTerminal(job.state)) return
    job.hasExpiry = false
    model.begin(job)
  }

const cap =
  (owner: string, most: number | null): Step =>
  async (engine, model) => {
    await engine.setQueue('q', { owner, maxRunning: most })
    if (most === null) model.caps.delete(owner)
    else model.caps.set(owner, most)
  }
const pause =
  (paused: boolean): Step =>
  async (engine, model) => {
    await engine.setQueue('q', { paused })
    model.paused = paused
  }

const sweep: Step = async (engine, model) => {
  const { due, expired } = model.sweep()
  const report = await engine.sweep()
  same('due', report.due, due)
  same('expired', report.failed.toSorted(), expired.toSorted())
  same('lost', [...report.requeued, ...report.publishing], [])
}

/** Compares every job with what the rules say. */
export async function compare(engine: JobEngine, model: Model): Promise<void> {
  const jobs = await engine.get(
    model.jobs.map(({ id }) => id),
    'everyone',
  )
  const said = jobs.map(({ id, state, attempt, failures, lost, publishing, cancelRequestedAt }) => {
    const cancelRequested = cancelRequestedAt !== undefined
    return { id, state, attempt, failures, lost, publishing, cancelRequested }
  })
  const believed = model.jobs.map(
    ({ id, state, attempt, failures, lost, publishing, cancelRequested }) => ({
      ...{ id, state, attempt, failures, lost, publishing, cancelRequested },
    }),
  )
  same('jobs', said, believed)
}

const number = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 3 }) },
  { weight: 1, arbitrary: fc.nat({ max: 1000 }) },
)
const named = (name: string, step: Step): Named & { toString(): string } => ({
  name,
  step,
  toString: () => name,
})
const owners = fc.constantFrom('ann', 'bob', 'cat')
/** Any sequence of these is a history that could happen. */
export const steps = fc.oneof(
  fc
    .record({
      owner: owners,
      maxFailures: fc.integer({ min: 1, max: 3 }),
      on: fc.oneof(
        { weight: 2, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 3 }) },
      ),
      onDependency: fc.constantFrom('completed', 'completed', 'any'),
      hasExpiry: fc.nat({ max: 9 }).map((n) => n === 0),
    })
    .map((chosen) => named(`submit ${JSON.stringify(chosen)}`, submit(chosen))),
  fc.integer({ min: 1, max: 4 }).map((slots) => named(`claim ${slots}`, claim(slots))),
  fc
    .tuple(number, fc.constantFrom(...(Object.keys(outcomes) as How[])))
    .map(([n, how]) => named(`settle ${n} ${how}`, settle(n, how))),
  fc
    .tuple(number, fc.constantFrom(...(Object.keys(outcomes) as How[])), fc.nat({ max: 3 }))
    .map(([n, how, slots]) => named(`turn ${n} ${how} ${slots}`, turnOver(n, how, slots))),
  number.map((n) => named(`touch ${n}`, touch(n))),
  number.map((n) => named(`release ${n}`, release(n))),
  number.map((n) => named(`kill ${n}`, kill(n))),
  number.map((n) => named(`cancel ${n}`, cancel(n))),
  number.map((n) => named(`retry ${n}`, retry(n))),
  fc.constant(named('sweep', sweep)),
  fc
    .tuple(owners, fc.constantFrom(0, 1, 2, null))
    .map(([owner, most]) => named(`cap ${owner} ${most}`, cap(owner, most))),
  fc.constantFrom(true, false, false).map((paused) => named(`pause ${paused}`, pause(paused))),
)
