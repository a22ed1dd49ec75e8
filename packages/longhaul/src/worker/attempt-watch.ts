export type LimitPassed = 'deadline' | 'silent'

/** Says when an attempt takes too long, or when nothing was heard of its author's code for too long. */
export class AttemptWatch {
  readonly #timers: NodeJS.Timeout[] = []
  #lastAlive: number | undefined
  #ownWork = 0

  constructor(
    limits: { readonly timeoutMs: number | undefined; readonly silenceMs: number | undefined },
    pass: (limit: LimitPassed) => void,
  ) {
    const { timeoutMs, silenceMs } = limits
    // The engine's own deadline comes with a touch; this one is finer.
    if (timeoutMs !== undefined && timeoutMs < 2 ** 31)
      this.#timers.push(setTimeout(() => pass('deadline'), timeoutMs))
    if (silenceMs !== undefined) {
      const look = (): unknown => this.silentMs > silenceMs && pass('silent')
      this.#timers.push(setInterval(look, Math.max(50, Math.min(1000, silenceMs / 4))))
    }
  }

  /** The author's code runs from now on; waiting for a place is no silence. */
  begin(): void {
    this.#lastAlive = performance.now()
  }

  alive(): void {
    if (this.#lastAlive !== undefined) this.#lastAlive = performance.now()
  }

  /** How long nothing was heard of the author's code, while it could be heard. */
  get silentMs(): number {
    if (this.#lastAlive === undefined || this.#ownWork > 0) return 0
    return performance.now() - this.#lastAlive
  }

  /** What longhaul does for the attempt while the author's code waits for it is not the author's silence. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#ownWork++
    try {
      return await work
    } finally {
      this.#ownWork--
      this.alive()
    }
  }

  end(): void {
    this.#timers.forEach(clearInterval)
    this.#lastAlive = undefined
  }
}
