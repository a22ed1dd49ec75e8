import type { Connection } from '../../database/index.ts'
import { tokensAt, type Bucket } from '../rules/index.ts'
import type { Tx } from './tx.ts'

interface QueueRow extends Bucket {
  readonly running: number
  readonly max_running: number | null
  readonly paused: number
  readonly claims: number
}

export interface Room {
  /** How many jobs of the queue may start now: not paused, below its fleet-wide cap, within its rate. */
  readonly slots: number
  readonly tokens: number
  /** How many have been claimed ever: numbers the next. */
  readonly claims: number
}

export function roomOf(connection: Connection, queue: string, now: number): Room {
  const row = connection.get<QueueRow>('SELECT * FROM queue_state WHERE queue = ?', queue)
  if (row === undefined || row.paused !== 0) return { slots: 0, tokens: 0, claims: 0 }
  const tokens = tokensAt(row, now)
  const below = (row.max_running ?? Number.POSITIVE_INFINITY) - row.running
  return { slots: Math.max(0, Math.min(below, Math.floor(tokens))), tokens, claims: row.claims }
}

/** Takes the tokens of those that start. */
export function spend(tx: Tx, queue: string, { tokens, claims }: Room, started: number): void {
  if (started === 0) return
  tx.connection.run(
    'UPDATE queue_state SET claims = ?, tokens = ?, refilled_at = ? WHERE queue = ?',
    claims + started,
    Number.isFinite(tokens) ? tokens - started : 0,
    tx.now,
    queue,
  )
}
