import type { Tx } from './transaction.ts'

interface QueueRow {
  readonly running: number
  readonly max_running: number | null
  readonly paused: number
  readonly rate_per_minute: number | null
  readonly tokens: number
  readonly refilled_at: number
}

/** How many jobs of a queue may start now: not paused, below its fleet-wide cap, within its rate. */
export function roomOf(tx: Tx, queue: string): number {
  const row = tx.connection.get<QueueRow>('SELECT * FROM queue_state WHERE queue = ?', queue)
  if (row === undefined || row.paused !== 0) return 0
  const slots = (row.max_running ?? Number.POSITIVE_INFINITY) - row.running
  return Math.max(0, Math.min(slots, refill(tx, queue, row)))
}

/** A token bucket of one second's worth (at least one): a steady rate, no burst after a quiet hour. */
function refill(tx: Tx, queue: string, row: QueueRow): number {
  if (row.rate_per_minute === null) return Number.POSITIVE_INFINITY
  const perMs = row.rate_per_minute / 60_000
  const elapsedMs = Math.max(0, tx.now - row.refilled_at)
  const tokens = Math.min(Math.max(1, perMs * 1000), row.tokens + elapsedMs * perMs)
  tx.connection.run(
    'UPDATE queue_state SET tokens = ?, refilled_at = ? WHERE queue = ?',
    tokens,
    tx.now,
    queue,
  )
  return Math.floor(tokens)
}

/** Numbers the queue's claims, and takes the token of one that starts. */
export function countClaim(tx: Tx, queue: string): number {
  const row = tx.connection.get<{ claims: number }>(
    `UPDATE queue_state SET claims = claims + 1,
       tokens = CASE WHEN rate_per_minute IS NULL THEN 0 ELSE max(0, tokens - 1) END
     WHERE queue = ? RETURNING claims`,
    queue,
  )
  return row?.claims ?? 0
}
