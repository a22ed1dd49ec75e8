import type { SqliteDatabase } from '../../database/index.ts'
import type { Wakeup } from '../engine.ts'
import { WakeupListeners } from '../wakeup-listeners.ts'
import { otherProcesses } from './feed.ts'

/** Hints for those who wait: at once within the process, every `pollMs` for what other processes commit. */
export class Wakeups {
  readonly #database: SqliteDatabase
  readonly #pollMs: number
  readonly #listeners = new WakeupListeners(
    () => this.#startPolling(),
    () => clearInterval(this.#timer),
  )
  #timer: NodeJS.Timeout | undefined

  constructor(database: SqliteDatabase, pollMs: number) {
    this.#database = database
    this.#pollMs = pollMs
  }

  tell(wakeup: Wakeup): void {
    this.#listeners.tell(wakeup)
  }

  listen(signal: AbortSignal): AsyncIterable<Wakeup> {
    return this.#listeners.listen(signal)
  }

  #startPolling(): void {
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
}
