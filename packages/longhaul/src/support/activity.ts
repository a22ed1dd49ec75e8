import { setTimeout as sleep } from 'node:timers/promises'

export interface ActivityOptions {
  /** After so long without a note nothing is going on. @default 5 s */
  readonly calmAfterMs?: number
  /** How long a rest may be when nothing is going on: the net for what nobody noted. @default 5 s */
  readonly calmRestMs?: number
}

/**
 * Whether anything happens at all. Who looks for work again and again rests here between two looks: a service that nobody
 * uses asks its database next to nothing, and one that is used is no slower for it.
 */
export class Activity {
  readonly #calmAfterMs: number
  readonly #calmRestMs: number
  readonly #resting = new Set<() => void>()
  #notedAt = performance.now()

  constructor({ calmAfterMs = 5000, calmRestMs = 5000 }: ActivityOptions = {}) {
    this.#calmAfterMs = calmAfterMs
    this.#calmRestMs = calmRestMs
  }

  /** Something happened that may have made work for somebody. Cheap: to be called for each job and request. */
  note(): void {
    this.#notedAt = performance.now()
    if (this.#resting.size === 0) return
    for (const wake of this.#resting) wake()
    this.#resting.clear()
  }

  /** For `ms`; after that until the next note, or `calmRestMs`, where nothing is going on. Resolves also when the signal aborts. */
  async rest(ms: number, signal: AbortSignal): Promise<void> {
    await sleep(ms, undefined, { signal }).catch(() => undefined)
    if (signal.aborted || performance.now() - this.#notedAt < this.#calmAfterMs) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, this.#calmRestMs)
    const stop = () => resolve()
    signal.addEventListener('abort', stop, { once: true })
    this.#resting.add(resolve)
    await promise
    clearTimeout(timer)
    this.#resting.delete(resolve)
    signal.removeEventListener('abort', stop)
  }
}
