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

export const firstOfLane = `SELECT rank_at, seq FROM job INDEXED BY job_ready
  WHERE queue = ? AND owner = ? AND state = 'queued' AND wake_at IS NULL AND blocked_by = 0 AND publishing IS NULL
  ORDER BY rank_at, seq LIMIT ?`
const laneReasonNow = 'SELECT wait_reason, wait_since FROM lane WHERE queue = ? AND owner = ?'

interface Lane {
  readonly wait: { readonly wait_reason: WaitReason; readonly wait_since: number } | undefined
  readonly first: readonly { readonly rank_at: number; readonly seq: number }[]
}

/** Rows as jobs, with what lies in other tables. What a page's jobs share of their lanes is read once. */
export function showJobs(reader: Connection, rows: readonly JobRowWithProgress[]): readonly Job[] {
  const lanes = new Map<string, Lane>()
  const laneOf = ({ queue, owner }: JobRow): Lane => {
    const key = JSON.stringify([queue, owner])
    const lane = lanes.get(key) ?? {
      wait: reader.get(laneReasonNow, queue, owner),
      first: reader.all<Lane['first'][number]>(firstOfLane, queue, owner, farthestPosition),
    }
    lanes.set(key, lane)
    return lane
  }
  const waiting = (row: JobRow): Job['waiting'] => {
    if (row.state !== 'queued' && row.state !== 'retry_wait') return undefined
    const { wait, first } = laneOf(row)
    return waitingOf(row, wait, placeOf(row, first))
  }
  return rows.map(({ progress, progress_at, ...row }) =>
    toJob(row, {
      progress: progress === null ? undefined : { data: progress, updatedAt: progress_at ?? 0 },
      waiting: waiting(row),
      dependsOn: row.on_dependency === null ? undefined : dependenciesOf(reader, row.id),
    }),
  )
}

/** How many of them come before the row; they are in order. */
function placeOf(row: JobRow, first: Lane['first']): number {
  let [low, high] = [0, first.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const one = first[middle]
    const isBefore =
      one !== undefined &&
      (one.rank_at < row.rank_at || (one.rank_at === row.rank_at && one.seq < row.seq))
    if (isBefore) low = middle + 1
    else high = middle
  }
  return low
}

const dependenciesOf = (reader: Connection, id: string): readonly string[] =>
  reader
    .all<{ on_id: string }>('SELECT on_id FROM dependency WHERE job_id = ? ORDER BY on_id', id)
    .map((row) => row.on_id)
