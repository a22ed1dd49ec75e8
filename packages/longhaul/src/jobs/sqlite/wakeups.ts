import type { SqliteDatabase } from '../../database/index.ts'
import type { Wakeup } from '../engine.ts'
import { otherProcesses } from './feed.ts'

/** Hints for those who wait: at once within the process, every `pollMs` for what other processes commit. */
export class Wakeups {
  readonly #listeners = new Set<Listener>()
  readonly #database: SqliteDatabase
  readonly #pollMs: number
  #timer: NodeJS.Timeout | undefined

  constructor(database: SqliteDatabase, pollMs: number) {
    this.#database = database
    this.#pollMs = pollMs
  }

  tell(wakeup: Wakeup): void {
    for (const listener of this.#listeners) listener.tell(wakeup)
  }

  async *listen(signal: AbortSignal): AsyncGenerator<Wakeup, void, undefined> {
    const listener = new Listener()
    const stop = () => listener.end()
    signal.addEventListener('abort', stop, { once: true })
    this.#listeners.add(listener)
    this.#startPolling()
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
      if (this.#listeners.size === 0) this.#stopPolling()
    }
  }

  #startPolling(): void {
    if (this.#timer !== undefined) return
    const look = otherProcesses(this.#database)
    this.#timer = setInterval(() => {
      try {
        for (const wakeup of look()) this.tell(wakeup)
      } catch {
        // Only a hint, and the database may be closing: whoever waits asks again anyway.
      }
    }, this.#pollMs)
    this.#timer.unref()
  }

  #stopPolling(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

const maxPending = 10_000

/** What one listener has not taken yet; a repeated hint is kept once, and beyond a bound the oldest are dropped. */
class Listener {
  #pending = new Map<string, Wakeup>()
  #wake: (() => void) | undefined

  tell(wakeup: Wakeup): void {
    const key = wakeup.kind === 'queued' ? `q ${wakeup.queue}` : `j ${wakeup.jobId}`
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
