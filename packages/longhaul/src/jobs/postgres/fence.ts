import type { Lease } from '../engine.ts'
import type { JobRow } from '../row.ts'
import { current } from './hold.ts'
import type { Tx } from './tx.ts'

/**
 * The fence: the job's row while this lease holds it, else undefined. A lease that has expired but that nobody has
 * taken away still holds; a worker that comes back in time loses nothing.
 */
export function heldBy(
  tx: Tx,
  held: ReadonlyMap<string, JobRow>,
  lease: Lease,
): JobRow | undefined {
  const row = current(tx, held, lease.jobId)
  if (row === undefined || tx.settings.noFence) return row
  const holds =
    row.state === 'running' && row.attempt === lease.attempt && row.lease_nonce === lease.nonce
  return holds ? row : undefined
}
