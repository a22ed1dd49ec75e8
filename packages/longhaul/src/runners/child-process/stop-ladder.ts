/** Asks, then insists, then kills: each rung once, counted from the first call. */
export class StopLadder {
  readonly #rungs: readonly { readonly afterMs: number; readonly step: () => void }[]
  #timers: NodeJS.Timeout[] = []
  #begun = false

  constructor(rungs: readonly { readonly afterMs: number; readonly step: () => void }[]) {
    this.#rungs = rungs
  }

  begin(): void {
    if (this.#begun) return
    this.#begun = true
    for (const { afterMs, step } of this.#rungs) {
      if (afterMs <= 0) step()
      else this.#timers.push(setTimeout(step, afterMs))
    }
  }

  end(): void {
    this.#begun = true
    this.#timers.forEach(clearTimeout)
    this.#timers = []
  }
}
