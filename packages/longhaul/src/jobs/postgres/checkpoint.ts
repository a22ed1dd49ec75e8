import type { JobClaims } from '../engine.ts'
import type { JobRow } from '../row.ts'
import { commit } from './commit.ts'
import { heldBy } from './fence.ts'
import { holdRows } from './hold.ts'
import { addEvents, keep } from './transition.ts'
import type { Engine, Tx } from './tx.ts'

/**
 * The newest manifest, and the one before in case its files turn out to be damaged. A job that gets on is no poison job:
 * `lost` starts at 0 again.
 */
export const checkpoint =
  (engine: Engine): JobClaims['checkpoint'] =>
  (lease, manifest) =>
    commit(engine, async (tx) => {
      const row = heldBy(tx, await holdRows(tx, [lease.jobId]), lease)
      if (row === undefined) return 'lost'
      const after = {
        ...row,
        lost: 0,
        checkpoint_at: tx.now,
        event_no: row.event_no + 1,
        updated_at: tx.now,
      }
      keep(tx, row, after)
      addEvents(tx, after, [{ type: 'checkpoint', data: { files: manifest.files.length } }])
      tx.more.push(
        {
          text: `INSERT INTO job_checkpoint (job_id, no, saved_at, manifest)
            SELECT $1::text, coalesce(max(no), 0) + 1, $2::bigint, $3::text FROM job_checkpoint WHERE job_id = $1`,
          values: [row.id, tx.now, JSON.stringify(manifest)],
        },
        {
          text: `DELETE FROM job_checkpoint WHERE job_id = $1
            AND no < (SELECT max(no) - 1 FROM job_checkpoint WHERE job_id = $1)`,
          values: [row.id],
        },
      )
      tx.notify({ kind: 'changed', jobId: row.id })
      return 'saved'
    })

/** By job id, of those that have one. */
export async function newestManifests(
  tx: Tx,
  rows: readonly JobRow[],
): Promise<ReadonlyMap<string, string>> {
  const ids = rows.filter((row) => row.checkpoint_at !== null).map(({ id }) => id)
  if (ids.length === 0) return new Map()
  const found = await tx.session.query<{ job_id: string; manifest: string }>(
    `SELECT DISTINCT ON (job_id) job_id, manifest FROM job_checkpoint WHERE job_id = ANY ($1)
     ORDER BY job_id, no DESC`,
    [ids],
  )
  return new Map(found.map(({ job_id, manifest }) => [job_id, manifest]))
}
