import type { JobClaims, Lease, WorkerInfo } from '../jobs/engine.ts'
import type { Attempt } from './attempt.ts'
import { growingPauseMs, pause } from './repeat.ts'
import type { WorkerParts } from './worker-parts.ts'

/** Silence of an attempt that is worth showing, where its author set no limit of his own. */
const longSilenceMs = 60_000

type Kept = Pick<
  Attempt,
  'lease' | 'isLost' | 'isEnding' | 'silentMs' | 'takeProgress' | 'heed' | 'stop' | 'done'
>
type Parts = Pick<WorkerParts, 'config' | 'log'> & {
  readonly engine: Pick<JobClaims, 'touch' | 'release'>
}

/**
 * Keeps the leases of what runs here. Each attempt has its own clock: it began before its claim was sent, and starts anew
 * with each touch that the engine confirmed, at the time that touch was sent. Who could not touch for 0.8 of the lease is
 * killed, on the monotonic clock, before anyone else may take the job.
 */
export class LeaseKeeper {
  readonly #parts: Parts
  readonly #worker: () => WorkerInfo
  readonly #now: () => number
  readonly #heldSince = new Map<Kept, number>()
  readonly #ended = new AbortController()
  #touchedAt = Number.NEGATIVE_INFINITY
  #touchingSince: number | undefined
  #troubleAt = Number.NEGATIVE_INFINITY
  #lookedAt: number

  constructor(parts: Parts, worker: () => WorkerInfo, now: () => number = () => performance.now()) {
    this.#parts = parts
    this.#worker = worker
    this.#now = now
    this.#lookedAt = now()
  }

  get touchMs(): number {
    return this.#parts.config.leaseMs / 10
  }

  /** `since`: when the claim was sent. */
  keep(attempt: Kept, since: number): void {
    this.#heldSince.set(attempt, since)
    void attempt.done.then(() => this.#heldSince.delete(attempt))
  }

  /** Touches what has something to tell; everything, and the worker's own row, when it is due or `now`. */
  async touch(everything = false): Promise<void> {
    const startedAt = this.#now()
    const due = everything || startedAt - this.#touchedAt >= this.touchMs
    const held = [...this.#heldSince.keys()].flatMap((attempt) => {
      // Its child is being killed; prolonging the lease would only keep the job from others.
      if (attempt.isLost) return []
      const progress = attempt.takeProgress()
      if (progress === undefined && !due) return []
      const silent = attempt.silentMs >= longSilenceMs
      return [
        {
          lease: attempt.lease,
          ...(progress === undefined ? {} : { progress }),
          ...(silent ? { silentMs: Math.round(attempt.silentMs) } : {}),
        },
      ]
    })
    if (held.length === 0 && !due) return
    this.#touchingSince = startedAt
    try {
      const verdicts = await this.#parts.engine.touch(this.#worker(), held)
      if (due) this.#touchedAt = startedAt
      for (const { lease, verdict } of verdicts) {
        for (const attempt of this.#heldSince.keys()) {
          if (attempt.lease.nonce !== lease.nonce) continue
          if (verdict !== 'lost') this.#heldSince.set(attempt, startedAt)
          attempt.heed(verdict)
        }
      }
    } catch (error) {
      this.#troubleAt = this.#now()
      throw error
    } finally {
      this.#touchingSince = undefined
    }
  }

  /** To be called often, whatever touch() is doing. */
  fence(): void {
    const now = this.#now()
    const { leaseMs } = this.#parts.config
    const stoodStill = now - this.#lookedAt > leaseMs / 4
    this.#lookedAt = now
    for (const [attempt, since] of this.#heldSince) {
      // One that only settles has nothing left to kill, and the engine refuses it if it comes too late.
      if (attempt.isLost || attempt.isEnding || now - since < leaseMs * 0.8) continue
      attempt.stop('lost')
      // If this process itself stood still, its job may be the reason; then the lost lease counts.
      if (!stoodStill && this.#isDatabaseAway(now, since)) void this.#giveBack(attempt)
    }
  }

  #isDatabaseAway(now: number, since: number): boolean {
    if (this.#troubleAt > since) return true
    return this.#touchingSince !== undefined && now - this.#touchingSince > this.touchMs
  }

  /**
   * The database was away, and nobody is to blame. Once the attempt's processes are dead, the job is given back uncounted as
   * soon as there is a database to tell; a lease that somebody took meanwhile is left alone by the engine.
   */
  async #giveBack(attempt: Kept): Promise<void> {
    await attempt.done
    for (let failures = 0; ; failures++) {
      try {
        return await this.#parts.engine.release([attempt.lease])
      } catch (error) {
        if (this.#ended.signal.aborted) return
        if (failures === 0) this.#log(attempt.lease, error)
        await pause(growingPauseMs(failures, 200, 5000), this.#ended.signal)
      }
    }
  }

  #log({ jobId }: Lease, error: unknown): void {
    this.#parts.log.warn({ err: error, job_id: jobId }, 'the database is away; its job stops here')
  }

  /** Nothing is left to keep. */
  end(): void {
    this.#ended.abort()
  }
}
