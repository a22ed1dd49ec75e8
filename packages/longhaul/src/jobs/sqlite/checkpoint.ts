import type { JobClaims } from '../engine.ts'
import { insertEvents } from './events.ts'
import { heldRow } from './fence.ts'
import { commit, type Engine, type Tx } from './transaction.ts'

/**
 * The newest manifest, and the one before in case its files turn out to be damaged. A job that gets on is no poison job:
 * `lost` starts at 0 again.
 */
export const checkpoint =
  (engine: Engine): JobClaims['checkpoint'] =>
  (lease, manifest) =>
    commit(engine, (tx) => {
      const held = heldRow(tx, lease)
      if (held === undefined) return 'lost'
      const row = { ...held, event_no: held.event_no + 1 }
      tx.connection.run(
        'UPDATE job SET lost = 0, checkpoint_at = ?, event_no = ?, updated_at = ? WHERE seq = ?',
        tx.now,
        row.event_no,
        tx.now,
        row.seq,
      )
      insertEvents(tx, row, [{ type: 'checkpoint', data: { files: manifest.files.length } }])
      const saved = tx.connection.get<{ no: number }>(
        `INSERT INTO job_checkpoint (job_id, no, saved_at, manifest)
         SELECT ?1, coalesce(max(no), 0) + 1, ?2, ?3 FROM job_checkpoint WHERE job_id = ?1 RETURNING no`,
        row.id,
        tx.now,
        JSON.stringify(manifest),
      )
      tx.connection.run(
        'DELETE FROM job_checkpoint WHERE job_id = ? AND no < ?',
        row.id,
        (saved?.no ?? 0) - 1,
      )
      tx.notify({ kind: 'changed', jobId: row.id })
      return 'saved'
    })

export const newestManifest = (tx: Tx, jobId: string): string | undefined =>
  tx.connection.get<{ manifest: string }>(
    'SELECT manifest FROM job_checkpoint WHERE job_id = ? ORDER BY no DESC LIMIT 1',
    jobId,
  )?.manifest
