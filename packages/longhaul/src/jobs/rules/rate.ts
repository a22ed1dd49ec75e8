export interface Bucket {
  readonly rate_per_minute: number | null
  readonly tokens: number
  readonly refilled_at: number
}

/** A token bucket of one second's worth (at least one): a steady rate, no burst after a quiet hour. */
export function tokensAt({ rate_per_minute, tokens, refilled_at }: Bucket, now: number): number {
  if (rate_per_minute === null) return Number.POSITIVE_INFINITY
  const perMs = rate_per_minute / 60_000
  const elapsedMs = Math.max(0, now - refilled_at)
  return Math.min(Math.max(1, perMs * 1000), tokens + elapsedMs * perMs)
}
