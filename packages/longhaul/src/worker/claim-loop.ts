import type { Claim, WorkerInfo } from '../jobs/engine.ts'
import { growingPauseMs } from './repeat.ts'
import type { WorkerParts } from './worker-parts.ts'

const firstPauseMs = 200
const longestPauseMs = 5000

/** What a queue may be asked for now. */
export interface Wanted {
  readonly queue: string
  readonly slots: number
}

type Parts = Pick<WorkerParts, 'engine' | 'log'>
interface ClaimOptions {
  readonly worker: () => WorkerInfo
  readonly wanted: () => readonly Wanted[]
  /** Slots of this process that are free. */
  readonly free: () => number
  /** Whether anything may be claimed at all; asked before each claim. */
  readonly mayClaim: () => Promise<boolean>
  /** `since`: when the claim was sent. */
  readonly begin: (claim: Claim, since: number) => void
}

/**
 * Claims when asked to, one round at a time. A round that fails is tried again after growing pauses, each worker's its own,
 * so that a database that comes back is not met by all at once.
 */
export class ClaimLoop {
  readonly #parts: Parts
  readonly #options: ClaimOptions
  #round: Promise<void> | undefined
  #again = false
  #publications = false
  #failures = 0
  #retry: NodeJS.Timeout | undefined
  #turn = 0
  #stopped = false

  constructor(parts: Parts, options: ClaimOptions) {
    this.#parts = parts
    this.#options = options
  }

  /**
   * Claims soon: now, after the round that is under way, or when the pause after a failure has passed. `publications`: also
   * those of queues that are not served here.
   */
  request({ publications = false } = {}): void {
    if (publications) this.#publications = true
    if (this.#stopped || this.#retry !== undefined) return
    if (this.#round) this.#again = true
    else this.#round = this.#claimAll().finally(() => (this.#round = undefined))
  }

  /** No more rounds; what the one under way brings has begun when it resolves. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#retry)
    await this.#round
  }

  async #claimAll(): Promise<void> {
    const { engine, log } = this.#parts
    const { worker, wanted, free, mayClaim, begin } = this.#options
    try {
      do {
        this.#again = false
        if (this.#publications && free() > 0 && !this.#stopped && (await mayClaim())) {
          const since = performance.now()
          for (const claim of await engine.claimPublications(worker(), free())) begin(claim, since)
          this.#publications = false
        }
        const queues = wanted()
        // Each round starts with another queue, so that none is served first for ever.
        for (let i = 0; i < queues.length; i++) {
          const one = queues[(this.#turn + i) % queues.length]
          const slots = Math.min(one?.slots ?? 0, free())
          if (one === undefined || slots <= 0 || this.#stopped || !(await mayClaim())) continue
          const since = performance.now()
          const claims = await engine.claim(worker(), [{ queue: one.queue, slots }])
          for (const claim of claims) begin(claim, since)
        }
        this.#turn++
      } while (this.#again && !this.#stopped)
      this.#failures = 0
    } catch (error) {
      const pauseMs = growingPauseMs(this.#failures++, firstPauseMs, longestPauseMs)
      log.error({ err: error }, `claiming failed, trying again in ${Math.round(pauseMs)} ms`)
      if (this.#stopped) return
      this.#retry = setTimeout(() => {
        this.#retry = undefined
        this.request()
      }, pauseMs).unref()
    }
  }
}
