import type { CallbackStatus, CallbackView } from '@longhaul/protocol'
import type { Database } from '../database/database.ts'
import { callbackIdOf, type CallbackRow, type TryRow } from './callback-statements.ts'

const shownTries = 100

/** Rows as their owner sees them, each with what was tried. */
export async function callbackViews(
  database: Database,
  rows: readonly CallbackRow[],
): Promise<CallbackView[]> {
  const ids = JSON.stringify(rows.map(({ id }) => id))
  const tries = rows.length === 0 ? [] : await database.read<TryRow>('callback.tries', [ids])
  const byCallback = Map.groupBy(tries, ({ outbox_id }) => outbox_id)
  return rows.map((row) => toView(row, byCallback.get(row.id) ?? []))
}

function toView(row: CallbackRow, tries: readonly TryRow[]): CallbackView {
  const status = statusOf(row)
  return {
    callback_id: callbackIdOf(row),
    job_id: row.job_id,
    batch_id: row.batch_id,
    url: row.url,
    status,
    created_at: iso(row.created_at),
    delivered_at: row.delivered_at === null ? null : iso(row.delivered_at),
    next_try_at: status === 'waiting' ? iso(row.due_at) : null,
    tries: tries.slice(-shownTries).map(({ at, duration_ms, status: answered, error }) => ({
      at: iso(at),
      duration_ms,
      status: answered,
      error,
    })),
  }
}

function statusOf({ delivered_at, dead_at }: CallbackRow): CallbackStatus {
  if (delivered_at !== null) return 'delivered'
  return dead_at === null ? 'waiting' : 'dead'
}

const iso = (ms: number): string => new Date(ms).toISOString()
