import type { Connection } from '../../database/index.ts'
import type { Job, WaitReason } from '../job.ts'
import { toJob, type JobRow } from '../row.ts'
import { farthestPosition, waitingOf } from '../rules/index.ts'

export interface JobRowWithProgress extends JobRow {
  readonly progress: string | null
  readonly progress_at: number | null
}
export const selectWithProgress =
  'SELECT job.*, p.data AS progress, p.updated_at AS progress_at FROM job LEFT JOIN job_progress p ON p.job_id = job.id'

const ready = `FROM job INDEXED BY job_ready
  WHERE queue = ? AND owner = ? AND state = 'queued' AND wake_at IS NULL AND blocked_by = 0 AND publishing IS NULL`
/** Where counting ends. */
export const farthest = `SELECT rank_at, seq ${ready} ORDER BY rank_at, seq LIMIT 1 OFFSET ?`
export const countAhead = `SELECT count(*) AS n FROM (SELECT 1 ${ready} AND (rank_at, seq) < (?, ?) LIMIT ?)`
const laneReasonNow = 'SELECT wait_reason, wait_since FROM lane WHERE queue = ? AND owner = ?'

interface Lane {
  readonly wait: { readonly wait_reason: WaitReason; readonly wait_since: number } | undefined
  readonly farthest: { readonly rank_at: number; readonly seq: number } | undefined
}

/** Rows as jobs, with what lies in other tables. What a page's jobs share of their lanes is read once. */
export function showJobs(reader: Connection, rows: readonly JobRowWithProgress[]): readonly Job[] {
  const lanes = new Map<string, Lane>()
  const laneOf = ({ queue, owner }: JobRow): Lane => {
    const key = JSON.stringify([queue, owner])
    const lane = lanes.get(key) ?? {
      wait: reader.get(laneReasonNow, queue, owner),
      farthest: reader.get(farthest, queue, owner, farthestPosition - 1),
    }
    lanes.set(key, lane)
    return lane
  }
  const waiting = (row: JobRow): Job['waiting'] => {
    if (row.state !== 'queued' && row.state !== 'retry_wait') return undefined
    const lane = laneOf(row)
    return waitingOf(row, lane.wait, positionOf(reader, row, lane))
  }
  return rows.map(({ progress, progress_at, ...row }) =>
    toJob(row, {
      progress: progress === null ? undefined : { data: progress, updatedAt: progress_at ?? 0 },
      waiting: waiting(row),
      dependsOn: row.on_dependency === null ? undefined : dependenciesOf(reader, row.id),
    }),
  )
}

/** A page of a long lane shows its newest jobs: all beyond the farthest, so nothing is counted. */
function positionOf(reader: Connection, row: JobRow, { farthest }: Lane): number {
  const isBeyond =
    farthest !== undefined &&
    (farthest.rank_at < row.rank_at || (farthest.rank_at === row.rank_at && farthest.seq < row.seq))
  if (isBeyond) return farthestPosition
  const { queue, owner, rank_at, seq } = row
  return reader.get<{ n: number }>(countAhead, queue, owner, rank_at, seq, farthestPosition)?.n ?? 0
}

const dependenciesOf = (reader: Connection, id: string): readonly string[] =>
  reader
    .all<{ on_id: string }>('SELECT on_id FROM dependency WHERE job_id = ? ORDER BY on_id', id)
    .map((row) => row.on_id)
