import type { Wakeup } from './engine.ts'

const maxPending = 10_000

/** Those who wait for hints within one process. */
export class WakeupListeners {
  readonly #listeners = new Set<Listener>()
  readonly #onFirst: () => void
  readonly #onNone: () => void

  /** Told when the first begins to listen and when the last has gone. */
  constructor(onFirst: () => void, onNone: () => void) {
    this.#onFirst = onFirst
    this.#onNone = onNone
  }

  tell(wakeup: Wakeup): void {
    for (const listener of this.#listeners) listener.tell(wakeup)
  }

  async *listen(signal: AbortSignal): AsyncGenerator<Wakeup, void, undefined> {
    const listener = new Listener()
    const stop = () => listener.end()
    signal.addEventListener('abort', stop, { once: true })
    this.#listeners.add(listener)
    if (this.#listeners.size === 1) this.#onFirst()
    try {
      while (!signal.aborted) {
        for (const wakeup of await listener.next()) {
          if (signal.aborted) return
          yield wakeup
        }
      }
    } finally {
      signal.removeEventListener('abort', stop)
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#onNone()
    }
  }
}

/** What one listener has not taken yet; a repeated hint is kept once, and beyond a bound the oldest are dropped. */
class Listener {
  #pending = new Map<string, Wakeup>()
  #wake: (() => void) | undefined

  tell(wakeup: Wakeup): void {
    const key = `${wakeup.kind} ${wakeup.kind === 'queued' ? wakeup.queue : wakeup.jobId}`
    this.#pending.set(key, wakeup)
    const oldest = this.#pending.keys().next()
    if (this.#pending.size > maxPending && oldest.done !== true) this.#pending.delete(oldest.value)
    this.end()
  }

  /** Lets next() answer, perhaps with nothing. */
  end(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  async next(): Promise<Iterable<Wakeup>> {
    if (this.#pending.size === 0) await new Promise<void>((wake) => (this.#wake = wake))
    const taken = this.#pending
    this.#pending = new Map()
    return taken.values()
  }
}
