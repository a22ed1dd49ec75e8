import { LonghaulError } from '../../errors/index.ts'
import type { JobState } from '../job.ts'
import { insertEvents, type EventToAdd } from './events.ts'
import { noLease } from './fence.ts'
import { countTransition } from './lane.ts'
import type { JobRow } from './row.ts'
import type { Tx } from './transaction.ts'

export interface Transition {
  readonly to: JobState
  /** Other columns that change with the state. */
  readonly set?: Partial<Omit<JobRow, 'seq' | 'id' | 'queue' | 'owner' | 'state' | 'event_no'>>
  readonly events: readonly EventToAdd[]
}

/**
 * The one place where a job changes its state: row, events, lane counters and the lease's end together. Callers have
 * read the row in the same transaction, so it is the truth; SQLite has one writer.
 */
export function transition(tx: Tx, before: JobRow, { to, set = {}, events }: Transition): JobRow {
  const columns = {
    ...(to === 'running' ? {} : noLease),
    completed_at: isEnd(to) ? tx.now : null,
    ...set,
    state: to,
    event_no: before.event_no + events.length,
    updated_at: tx.now,
  }
  const names = Object.keys(columns)
  const after = tx.connection.get<JobRow>(
    `UPDATE job SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE seq = ? RETURNING *`,
    ...Object.values(columns),
    before.seq,
  )
  if (after === undefined) throw new LonghaulError('internal', `Job ${before.id} disappeared`)
  insertEvents(tx, after, events)
  countTransition(tx, before, after)
  tx.notify({ kind: 'changed', jobId: after.id })
  // A job to take, or a slot that a fleet-wide limit kept from another.
  if (after.state === 'queued' || (before.state === 'running' && after.state !== 'running'))
    tx.notify({ kind: 'queued', queue: after.queue })
  return after
}

const isEnd = (state: JobState): boolean =>
  state === 'completed' || state === 'failed' || state === 'cancelled'
