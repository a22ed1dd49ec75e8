import type { Lease } from '../engine.ts'
import type { JobRow } from '../row.ts'
import type { Tx } from './tx.ts'

/**
 * The fence: the job's row while this lease holds it, else undefined. A lease that has expired but that nobody has
 * taken away still holds; a worker that comes back in time loses nothing.
 */
export function heldRow(tx: Tx, lease: Lease): JobRow | undefined {
  if (tx.settings.noFence)
    return tx.connection.get<JobRow>('SELECT * FROM job WHERE id = ?', lease.jobId)
  return tx.connection.get<JobRow>(
    "SELECT * FROM job WHERE id = ? AND attempt = ? AND lease_nonce = ? AND state = 'running'",
    lease.jobId,
    lease.attempt,
    lease.nonce,
  )
}
