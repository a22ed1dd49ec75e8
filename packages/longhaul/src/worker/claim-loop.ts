import type { Claim, Settlement, Turnover, Want, WorkerInfo } from '../jobs/engine.ts'
import { growingPauseMs } from './repeat.ts'
import type { WorkerParts } from './worker-parts.ts'

const firstPauseMs = 200
const longestPauseMs = 5000

type Parts = Pick<WorkerParts, 'engine' | 'log'>
/** `since`: when the claim was sent. */
type Begin = (claim: Claim, since: number) => void
interface ClaimOptions {
  readonly worker: () => WorkerInfo
  /** All that are served here, whether there is room for more or not. */
  readonly queues: () => Iterable<string>
  /** What each queue may be asked for now, besides what is being asked for already. */
  readonly wanted: () => readonly Want[]
  /** Slots of this process that are free, for that queue or for any. */
  readonly free: (queue?: string) => number
  /** Whether anything may be claimed at all; asked before each claim. */
  readonly mayClaim: () => Promise<boolean>
  readonly begin: Begin
}
interface ClaimRequest {
  /** Also those of queues that are not served here. */
  readonly publications?: boolean
  /** Where there is said to be something, or may be. @default every queue */
  readonly queues?: readonly string[]
}

/**
 * Claims when asked to, one round at a time, and for a slot that comes free at once; from queues that may have something:
 * those that were named, and those that gave all they were asked for. A round that fails is tried again after growing pauses,
 * each worker's its own, so that a database that comes back is not met by all at once.
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
  /** Queues that may have something, each with the number of the request or answer that said so last. */
  readonly #plenty = new Map<string, number>()
  #said = 0
  /** Slots that queues are being asked for, and nobody knows yet what comes. */
  readonly #asked = new Map<string, number>()

  constructor(parts: Parts, options: ClaimOptions) {
    this.#parts = parts
    this.#options = options
  }

  /** Claims soon: now, after the round that is under way, or when the pause after a failure has passed. */
  request({ publications = false, queues }: ClaimRequest = {}): void {
    this.#publications ||= publications
    this.#said += 1
    for (const queue of queues ?? this.#options.queues()) this.#plenty.set(queue, this.#said)
    if (this.#stopped || this.#retry !== undefined) return
    if (this.#round) this.#again = true
    else this.#round = this.#claimAll().finally(() => (this.#round = undefined))
  }

  /**
   * Settles what ends, and claims for its slot in the same transaction, of a queue that is believed to have something; each
   * such queue in its turn, or else of its `own`: what is submitted in the same group of commits nobody has named yet. What
   * comes has begun when this resolves; where nothing comes, the rounds go on looking.
   */
  async handOn(
    items: readonly Settlement[],
    wanted: () => readonly Want[],
    begin: Begin,
    own?: string,
  ): Promise<Turnover['verdicts']> {
    const { engine } = this.#parts
    const want = (await this.#options.mayClaim()) ? this.#oneOf(wanted(), own) : undefined
    if (want === undefined) return engine.settle(items)
    const { verdicts } = await this.#ask(want, begin, () =>
      engine.settleAndClaim(items, this.#options.worker(), [want]),
    )
    return verdicts
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
    const mayHave = ({ queue }: Want): boolean => this.#plenty.has(queue) && free(queue) > 0
    try {
      do {
        this.#again = false
        if (this.#publications && free() > 0 && !this.#stopped && (await mayClaim())) {
          const since = performance.now()
          for (const claim of await engine.claimPublications(worker(), free())) begin(claim, since)
          this.#publications = false
        }
        // With every slot taken there is nothing to ask for, however often somebody says that there is work.
        const queues = this.#plenty.size === 0 ? [] : wanted().filter(mayHave)
        // Each round starts with another queue, so that none is served first for ever.
        for (let i = 0; i < queues.length; i++) {
          const { queue } = queues[(this.#turn + i) % queues.length] ?? {}
          if (queue === undefined || free(queue) <= 0 || this.#stopped || !(await mayClaim()))
            continue
          const slots = Math.min(this.#roomOf(queue, wanted()), free(queue))
          if (slots <= 0) continue
          await this.#ask({ queue, slots }, begin, async () => ({
            claims: await engine.claim(worker(), [{ queue, slots }]),
          }))
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

  /** Begins what comes; until then nobody else asks for the same room. */
  async #ask<T extends { readonly claims: readonly Claim[] }>(
    { queue, slots }: Want,
    begin: Begin,
    ask: () => Promise<T>,
  ): Promise<T> {
    const since = performance.now()
    const before = (this.#said += 1)
    this.#asked.set(queue, (this.#asked.get(queue) ?? 0) + slots)
    try {
      const answer = await ask()
      for (const claim of answer.claims) begin(claim, since)
      // Whoever named it meanwhile may know of what came too late for this answer.
      if ((this.#plenty.get(queue) ?? 0) > before) return answer
      if (answer.claims.length === slots) this.#plenty.set(queue, before)
      else this.#plenty.delete(queue)
      return answer
    } finally {
      this.#asked.set(queue, (this.#asked.get(queue) ?? 0) - slots)
    }
  }

  #oneOf(wanted: readonly Want[], own: string | undefined): Want | undefined {
    if (this.#stopped || this.#retry !== undefined) return undefined
    const roomy = wanted.filter(({ queue }) => this.#roomOf(queue, wanted) > 0)
    const known = roomy.filter(({ queue }) => this.#plenty.has(queue))
    const able = known.length > 0 ? known : roomy.filter(({ queue }) => queue === own)
    if (able.length === 0) return undefined
    const one = able[this.#turn++ % able.length]
    return one && { queue: one.queue, slots: 1 }
  }

  #roomOf(queue: string, wanted: readonly Want[]): number {
    const { slots = 0 } = wanted.find((want) => want.queue === queue) ?? {}
    return slots - (this.#asked.get(queue) ?? 0)
  }
}
