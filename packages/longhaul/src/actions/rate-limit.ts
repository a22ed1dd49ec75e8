import { LonghaulError } from '../errors/index.ts'

export interface Rate {
  readonly calls: number
  readonly per_ms: number
}

/** So many callers are remembered; beyond, those go that have not called for longest. */
const maxCallers = 10_000

/** Counts calls of each caller against the rate of an action: `calls` at once, then evenly. In this process alone. */
export class RateLimit {
  readonly #now: () => number
  readonly #callers = new Map<string, { tokens: number; at: number }>()

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Throws 'too-many-requests' with the time after which there is room again. */
  take(action: string, owner: string, { calls, per_ms: perMs }: Rate): void {
    const key = `${action} ${owner}`
    const now = this.#now()
    const known = this.#callers.get(key)
    const tokens = known
      ? Math.min(calls, known.tokens + ((now - known.at) * calls) / perMs)
      : calls
    this.#callers.delete(key)
    this.#callers.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now })
    for (const oldest of this.#callers.keys()) {
      if (this.#callers.size <= maxCallers) break
      this.#callers.delete(oldest)
    }
    if (tokens >= 1) return
    const seconds = Math.ceil(((1 - tokens) * perMs) / calls / 1000)
    throw new LonghaulError(
      'too-many-requests',
      `${action} takes ${calls} calls in ${perMs / 1000} s of each caller; ask again in ${seconds} s.`,
      { facts: { retry_after_seconds: seconds } },
    )
  }
}
