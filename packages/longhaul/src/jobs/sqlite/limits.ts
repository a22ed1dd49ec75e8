import { tokensAt, type Bucket } from '../rules/index.ts'
import type { Tx } from './tx.ts'

interface QueueRow extends Bucket {
  readonly running: number
  readonly max_running: number | null
  readonly paused: number
}

/** How many jobs of a queue may start now: not paused, below its fleet-wide cap, within its rate. */
export function roomOf(tx: Tx, queue: string): number {
  const row = tx.connection.get<QueueRow>('SELECT * FROM queue_state WHERE queue = ?', queue)
  if (row === undefined || row.paused !== 0) return 0
  const slots = (row.max_running ?? Number.POSITIVE_INFINITY) - row.running
  if (row.rate_per_minute === null) return Math.max(0, slots)
  const tokens = tokensAt(row, tx.now)
  tx.connection.run(
    'UPDATE queue_state SET tokens = ?, refilled_at = ? WHERE queue = ?',
    tokens,
    tx.now,
    queue,
  )
  return Math.max(0, Math.min(slots, Math.floor(tokens)))
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
