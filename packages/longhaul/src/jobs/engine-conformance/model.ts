import type { Lease } from '../engine.ts'
import { isTerminal, type JobState } from '../job.ts'

/** What the suite believes about one job: the rules of engine.md §4 in their plainest form. */
export interface ModelJob {
  readonly id: string
  readonly owner: string
  readonly maxFailures: number
  readonly dependsOn: readonly ModelJob[]
  readonly onDependency: 'completed' | 'any'
  /** Its first start may not come later than the next look at it. */
  hasExpiry: boolean
  state: JobState
  /** In this life. */
  started: boolean
  /** Dependencies that go on, as far as it has heard. */
  blockedBy: Set<ModelJob>
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
  readonly caps = new Map<string, number>()
  paused = false

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

  /** Sweeps wake what is due and expire what is late; in this run every time is over at once. */
  sweep(): { readonly due: number; readonly expired: readonly string[] } {
    const due = this.jobs.filter(({ state }) => state === 'retry_wait')
    for (const job of due) job.state = 'queued'
    const late = this.jobs.filter((job) => job.hasExpiry && job.state === 'queued' && !job.started)
    for (const job of late) this.end(job, 'failed')
    return { due: due.length, expired: late.map(({ id }) => id) }
  }

  /** What waits for nothing but a slot. */
  get ready(): readonly ModelJob[] {
    return this.jobs.filter((job) => job.state === 'queued' && job.blockedBy.size === 0)
  }

  /** How many of these a claim gives: publications first, then by owner as far as caps go. */
  claimable(slots: number, waiting = this.ready): number {
    const publications = waiting.filter((job) => job.publishing).slice(0, slots)
    if (this.paused) return publications.length
    const owners = new Set(this.jobs.map(({ owner }) => owner))
    let startable = 0
    for (const owner of owners) {
      const mine = (jobs: readonly ModelJob[]) => jobs.filter((job) => job.owner === owner).length
      const running = mine(this.jobs.filter(({ state }) => state === 'running'))
      const cap = this.caps.get(owner) ?? Infinity
      const room = Math.max(0, cap - running - mine(publications))
      startable += Math.min(room, mine(waiting.filter((job) => !job.publishing)))
    }
    return Math.min(slots, publications.length + startable)
  }

  /** The end of a life, and what others make of it; or back to waiting. */
  end(job: ModelJob, state: JobState): void {
    const ends: ModelJob[] = []
    const put = (one: ModelJob, to: JobState) => {
      Object.assign(one, { state: to, holder: undefined })
      if (to !== 'queued') one.publishing = false
      if (isTerminal(to)) ends.push(one)
    }
    put(job, state)
    for (let over = ends.shift(); over !== undefined; over = ends.shift())
      for (const one of this.jobs) {
        if (!one.blockedBy.delete(over) || one.state !== 'queued' || one.started) continue
        if (over.state !== 'completed' && one.onDependency === 'completed')
          put(one, over.state === 'cancelled' ? 'cancelled' : 'failed')
      }
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

  /** A new job, or a new life: it waits for what goes on, and what ended badly before decides at once. */
  begin(job: ModelJob): void {
    Object.assign(job, { state: 'queued', started: false, failures: 0, lost: 0 })
    job.cancelRequested = false
    job.blockedBy = new Set(job.dependsOn.filter(({ state }) => !isTerminal(state)))
    const over = job.dependsOn.map(({ state }) => state)
    if (job.onDependency === 'any') return
    if (over.includes('failed')) this.end(job, 'failed')
    else if (over.includes('cancelled')) this.end(job, 'cancelled')
  }
}
