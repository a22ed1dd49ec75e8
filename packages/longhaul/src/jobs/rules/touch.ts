import type { Verdict } from '../engine.ts'
import type { JobRow } from '../row.ts'
import type { Given } from './decision.ts'

/** A publication that has begun is carried through: neither a cancel nor a deadline stops it. */
export function verdictOf(row: JobRow, now: number): Exclude<Verdict, 'lost'> {
  if (row.publishing !== null) return 'held'
  if (row.cancel_requested_at !== null) return 'cancel'
  return row.deadline_at !== null && row.deadline_at <= now ? 'deadline' : 'held'
}

/** The columns that a touch changes. */
export function touchLease(
  row: JobRow,
  verdict: Verdict,
  silentMs: number | undefined,
  { now, settings }: Given,
) {
  const toldAt = verdict === 'held' ? null : (row.stop_told_at ?? now)
  const expiresAt = now + settings.leaseMs
  return {
    // Who was told to stop and never does may not stay "running" for ever by touching.
    lease_expires_at:
      toldAt === null
        ? expiresAt
        : Math.min(expiresAt, toldAt + settings.leaseMs + settings.stopGraceMs),
    stop_told_at: toldAt,
    silent_since: silentMs === undefined ? null : now - Math.round(silentMs),
  }
}
