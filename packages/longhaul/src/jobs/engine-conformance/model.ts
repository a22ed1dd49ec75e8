import fc from 'fast-check'
import type { Claim, JobEngine, Lease } from '../engine.ts'
import { isTerminal, type JobState } from '../job.ts'
import { completed, failedWith, newJob, publishing, workerNamed } from './fixtures.ts'

/** What the suite believes about one job: the rules of engine.md §4 in their plainest form. */
export interface ModelJob {
  readonly id: string
  readonly owner: string
  readonly maxFailures: number
  state: JobState
  attempt: number
  failures: number
  lost: number
  publishing: boolean
  cancelRequested: boolean
  holder: Lease | undefined
}

/** Every lease ever given is kept: most of what happens in the random run is done by zombies. */
export class Model {
  readonly jobs: ModelJob[] = []
  readonly leases: { readonly lease: Lease; readonly worker: string }[] = []
  readonly lostLimit = 3

  jobOf(lease: Lease): ModelJob {
    const job = this.jobs.find(({ id }) => id === lease.jobId)
    if (job === undefined)
      throw new Error(`The engine claimed ${lease.jobId}, which nobody submitted`)
    return job
  }
  holds(lease: Lease): boolean {
    const { holder } = this.jobOf(lease)
    return holder?.attempt === lease.attempt && holder.nonce === lease.nonce
  }
  /** Claims and sweeps first wake what is due; in this run every wait is over at once. */
  wake(): void {
    for (const job of this.jobs) if (job.state === 'retry_wait') job.state = 'queued'
  }
  end(job: ModelJob, state: JobState): void {
    Object.assign(job, {
      state,
      holder: undefined,
      ...(state === 'queued' ? {} : { publishing: false }),
    })
  }
  fail(job: ModelJob): void {
    job.failures += 1
    if (job.failures >= job.maxFailures) this.end(job, 'failed')
    else this.end(job, job.cancelRequested ? 'cancelled' : 'retry_wait')
  }
  lose(job: ModelJob, publicationStands: boolean): void {
    if (job.publishing && publicationStands) return this.end(job, 'queued')
    job.lost += 1
    job.publishing = false
    if (job.cancelRequested) this.end(job, 'cancelled')
    else this.end(job, job.lost >= this.lostLimit ? 'failed' : 'queued')
  }
}

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

const submit =
  (owner: string, maxFailures: number): Step =>
  async (engine, model) => {
    const job = newJob({ owner, maxFailures })
    await engine.submit([job])
    model.jobs.push({
      ...{ id: job.id, owner, maxFailures, state: 'queued', attempt: 0, failures: 0, lost: 0 },
      ...{ publishing: false, cancelRequested: false, holder: undefined },
    })
  }

let claimers = 0
const claim =
  (slots: number): Step =>
  async (engine, model) => {
    model.wake()
    const waiting = model.jobs.filter(({ state }) => state === 'queued').length
    const worker = workerNamed(`m${(claimers += 1)}`)
    const claims = await engine.claim(worker, [{ queue: 'q', slots }])
    same('number of claims', claims.length, Math.min(slots, waiting))
    for (const one of claims) take(model, one, worker.id)
  }
function take(model: Model, { lease, resume }: Claim, worker: string): void {
  const job = model.jobOf(lease)
  same(`state of claimed ${job.id}`, job.state, 'queued')
  same(`resume of ${job.id}`, resume, job.publishing ? 'publish' : 'run')
  same(`attempt of ${job.id}`, lease.attempt, job.attempt + 1)
  Object.assign(job, { state: 'running', attempt: lease.attempt, holder: lease })
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
    if (!holds) return
    if (how === 'publishing') job.publishing = true
    else if (how === 'completed' || how === 'cancelled') model.end(job, how)
    else if (how === 'lost') model.lose(job, false)
    else if (how === 'policy') model.fail(job)
    else {
      job.failures += 1
      model.end(job, 'failed')
    }
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
    for (const { lease } of model.leases.filter((one) => one.worker === worker))
      if (model.holds(lease)) model.lose(model.jobOf(lease), true)
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
    if (isTerminal(job.state))
      Object.assign(job, { state: 'queued', failures: 0, lost: 0, cancelRequested: false })
  }

const sweep: Step = async (engine, model) => {
  const due = model.jobs.filter(({ state }) => state === 'retry_wait').length
  model.wake()
  const report = await engine.sweep()
  same('due', report.due, due)
  same('expired', [...report.requeued, ...report.failed, ...report.publishing], [])
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
/** Any sequence of these is a history that could happen. */
export const steps = fc.oneof(
  fc
    .tuple(fc.constantFrom('ann', 'bob', 'cat'), fc.integer({ min: 1, max: 3 }))
    .map(([owner, most]) => named(`submit ${owner} ${most}`, submit(owner, most))),
  fc.integer({ min: 1, max: 4 }).map((slots) => named(`claim ${slots}`, claim(slots))),
  fc
    .tuple(number, fc.constantFrom(...(Object.keys(outcomes) as How[])))
    .map(([n, how]) => named(`settle ${n} ${how}`, settle(n, how))),
  number.map((n) => named(`touch ${n}`, touch(n))),
  number.map((n) => named(`release ${n}`, release(n))),
  number.map((n) => named(`kill ${n}`, kill(n))),
  number.map((n) => named(`cancel ${n}`, cancel(n))),
  number.map((n) => named(`retry ${n}`, retry(n))),
  fc.constant(named('sweep', sweep)),
)
