import type { PostgresDatabase } from '../../database/postgres/index.ts'
import type { Job, WaitReason } from '../job.ts'
import { toJob, type JobRow } from '../row.ts'
import { farthestPosition, waitingOf } from '../rules/index.ts'
import { rowArrays } from './row-arrays.ts'

export interface JobRowWithProgress extends JobRow {
  readonly progress: string | null
  readonly progress_at: number | null
}
export const selectWithProgress =
  'SELECT job.*, p.data AS progress, p.updated_at AS progress_at FROM job LEFT JOIN job_progress p ON p.job_id = job.id'

interface Place {
  readonly seq: number
  readonly position: number
  readonly wait_reason: WaitReason | null
  readonly wait_since: number
}
/** For each waiting job, how many of its lane come before it, and why its lane waits. */
export const placesOf = `SELECT c.seq, p.position, l.wait_reason, l.wait_since
  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[]) AS c (seq, queue, owner, rank_at)
  LEFT JOIN lane l ON l.queue = c.queue AND l.owner = c.owner
  CROSS JOIN LATERAL (SELECT count(*)::integer AS position FROM (
    SELECT 1 FROM job WHERE queue = c.queue AND owner = c.owner AND state = 'queued' AND wake_at IS NULL
      AND blocked_by = 0 AND publishing IS NULL AND (rank_at, seq) < (c.rank_at, c.seq)
    LIMIT ${farthestPosition}) ahead) p`
export const dependenciesOfJobs =
  'SELECT job_id, on_id FROM dependency WHERE job_id = ANY ($1) ORDER BY job_id, on_id'

/** Rows as jobs, with what lies in other tables: two statements more at most. */
export async function showJobs(
  database: PostgresDatabase,
  rows: readonly JobRowWithProgress[],
): Promise<readonly Job[]> {
  const waiting = rows.filter(({ state }) => state === 'queued' || state === 'retry_wait')
  const depending = rows.filter((row) => row.on_dependency !== null).map(({ id }) => id)
  const [places, pairs] = await Promise.all([
    waiting.length === 0
      ? []
      : database.query<Place>(
          placesOf,
          rowArrays(waiting, ['seq', 'queue', 'owner', 'rank_at']).values,
        ),
    depending.length === 0
      ? []
      : database.query<{ job_id: string; on_id: string }>(dependenciesOfJobs, [depending]),
  ])
  const placeOf = new Map(places.map((place) => [place.seq, place]))
  return rows.map(({ progress, progress_at, ...row }) => {
    const place = placeOf.get(row.seq)
    return toJob(row, {
      progress: progress === null ? undefined : { data: progress, updatedAt: progress_at ?? 0 },
      waiting: waitingOf(row, laneOf(place), place?.position ?? 0),
      dependsOn:
        row.on_dependency === null
          ? undefined
          : pairs.filter(({ job_id }) => job_id === row.id).map(({ on_id }) => on_id),
    })
  })
}

const laneOf = (place: Place | undefined) =>
  place === undefined || place.wait_reason === null
    ? undefined
    : { wait_reason: place.wait_reason, wait_since: place.wait_since }
