import type { BatchStatus, BatchView } from '@longhaul/protocol'
import type { Database } from '../database/database.ts'
import type { JobState } from '../jobs/job.ts'
import type { BatchRow } from './batch.ts'

export interface Counted {
  readonly counts: BatchView['counts']
  readonly failures: BatchView['failures']
}
export interface ItemCounter {
  count(batch: BatchRow): Promise<Counted>
  /** It has just been changed: who asks next wants to see that. */
  readonly forget: (id: string) => void
}

/** What counting may take of a process's time, whoever asks how often. */
const share = 0.05
const cheapMs = 5
const keptBatches = 100

/**
 * Counts a batch's items by state. A hundred thousand cost some ten milliseconds, so that an answer is given again for as
 * long as its cost is more than a small share of the time; a small batch is counted whenever somebody asks.
 */
export function itemCounter(
  database: Pick<Database, 'read'>,
  now = () => performance.now(),
): ItemCounter {
  const known = new Map<string, { readonly until: number; readonly counted: Promise<Counted> }>()
  const countAnew = async (batch: BatchRow): Promise<Counted> => {
    const begun = now()
    const counted = countItems(database, batch)
    const entry = { until: Infinity, counted } // who asks meanwhile shares the answer
    known.set(batch.id, entry)
    // A failure is no answer, a small cost no burden; and what has been forgotten meanwhile stays so.
    const isCheap = await counted.then(
      () => now() - begun < cheapMs,
      () => true,
    )
    if (known.get(batch.id) === entry) {
      const until = now() + (now() - begun) / share
      if (isCheap) known.delete(batch.id)
      else known.set(batch.id, { until, counted })
    }
    return counted
  }
  return {
    count(batch) {
      const kept = known.get(batch.id)
      if (kept !== undefined && now() < kept.until) return kept.counted
      if (known.size > keptBatches) known.clear()
      return countAnew(batch)
    },
    forget: (id) => void known.delete(id),
  }
}

/** As they are now, whatever it costs. */
export async function countItems(
  database: Pick<Database, 'read'>,
  batch: BatchRow,
): Promise<Counted> {
  const [states, codes] = await Promise.all([
    database.read<{ state: JobState; n: number }>('batch.counts', [batch.id]),
    database.read<{ code: string | null; n: number }>('batch.failures', [batch.id]),
  ])
  const of = (wanted: JobState): number => states.find(({ state }) => state === wanted)?.n ?? 0
  const jobs = states.reduce((sum, { n }) => sum + n, 0)
  // Items that became jobs since the row was read are jobs already.
  const unfed = Math.max(0, batch.total - Math.max(batch.fed, jobs))
  const isCancelled = batch.cancelled_at !== null
  return {
    counts: {
      total: batch.total,
      pending: isCancelled ? 0 : unfed,
      queued: of('queued'),
      running: of('running'),
      retry_wait: of('retry_wait'),
      paused: of('paused'),
      completed: of('completed'),
      failed: of('failed'),
      cancelled: of('cancelled') + (isCancelled ? unfed : 0),
      removed: Math.max(0, batch.fed - jobs),
    },
    failures: Object.fromEntries(codes.map(({ code, n }) => [code ?? 'internal', n])),
  }
}

export function statusOf(counts: Counted['counts'], isCancelled: boolean): BatchStatus {
  const { pending, queued, running, retry_wait, paused, completed, failed, cancelled } = counts
  if (pending + queued + running + retry_wait + paused > 0)
    return isCancelled ? 'cancelling' : 'running'
  if (cancelled > 0 && (isCancelled || failed === 0)) return 'cancelled'
  if (failed + cancelled === 0) return 'completed'
  return completed > 0 ? 'some_failed' : 'failed'
}
