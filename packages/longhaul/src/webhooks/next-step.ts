/** What a try came to. */
export interface TryResult {
  /** Of the answer; null where none came. */
  readonly status: number | null
  readonly error: string | null
  readonly durationMs: number
  /** The receiver says when. */
  readonly retryAfterMs?: number
  /** Trying again would be of no use. */
  readonly final?: boolean
}

export type NextStep =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'again'; readonly afterMs: number }
  | { readonly kind: 'dead' }

const firstPauseMs = 5_000
const longestPauseMs = 6 * 3_600_000
const dayMs = 24 * 3_600_000

/** `tries` counts this one. 5 s, 20 s, 80 s, … and at most six hours, each shorter by chance: 16 tries take two days. */
export function nextStep(
  { error, retryAfterMs, final }: TryResult,
  tries: number,
  maxTries: number,
  chance = Math.random(),
): NextStep {
  if (error === null) return { kind: 'delivered' }
  if (final || tries >= maxTries) return { kind: 'dead' }
  if (retryAfterMs !== undefined) return { kind: 'again', afterMs: Math.min(retryAfterMs, dayMs) }
  const pause = Math.min(longestPauseMs, firstPauseMs * 4 ** Math.min(tries - 1, 10))
  return { kind: 'again', afterMs: Math.round(pause * (0.75 + chance / 4)) }
}

/** Of an answer: seconds or a date. Undefined where it says neither. */
export function retryAfterMs(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
