import type { DatasetStatus } from '@longhaul/protocol'
import type { Write } from '../database/database.ts'
import { LonghaulError } from '../errors/index.ts'

/** Where a dataset may go from each status: what system E declares, and what its flows need besides. */
const next: Readonly<Record<DatasetStatus, readonly DatasetStatus[]>> = {
  submitted: ['sync queued', 'conversion queued', 'upload queued', 'unzipping'],
  'sync queued': ['syncing', 'sync error'],
  syncing: ['conversion queued', 'done', 'sync error'],
  'conversion queued': ['converting', 'conversion error'],
  converting: ['done', 'zipping', 'conversion error'],
  'upload queued': ['uploading', 'upload error'],
  uploading: ['done', 'unzipping', 'conversion queued', 'upload error'],
  unzipping: ['conversion queued', 'done', 'unzip error'],
  zipping: ['done', 'compression error'],
  done: [],
  'sync error': ['sync queued', 'failed'],
  'conversion error': ['conversion queued', 'failed'],
  'upload error': ['upload queued', 'failed'],
  'unzip error': ['unzipping', 'failed'],
  'compression error': ['zipping', 'failed'],
  failed: [],
  retrying: ['sync queued', 'conversion queued', 'upload queued', 'unzipping', 'zipping'],
}

export const mayFollow = (from: DatasetStatus, to: DatasetStatus): boolean =>
  next[from].includes(to)

export interface Move {
  readonly uuid: string
  readonly from: DatasetStatus
  readonly to: DatasetStatus
  /** Told with the change. */
  readonly reason: string
  /** Shown with the dataset as long as it stays there. */
  readonly error?: string
  /** Only when no other upload to this dataset is under way. */
  readonly onlyLast?: boolean
}

/**
 * The only way in which a status changes: the change is logged with it. Nothing happens where the dataset is no longer at
 * `from`. Throws 'dataset-transition' for a step that the table does not have.
 */
export function moveDataset({ uuid, from, to, reason, error, onlyLast }: Move): readonly Write[] {
  if (!mayFollow(from, to))
    throw new LonghaulError(
      'dataset-transition',
      `A dataset that is "${from}" cannot become "${to}"; next may be ${next[from].join(', ') || 'nothing: it is at its end'}.`,
    )
  const last = onlyLast ? 1 : 0
  return [
    { statement: 'dataset.log-move', params: [uuid, from, to, reason, last] },
    { statement: 'dataset.move', params: [uuid, from, to, error ?? null, last] },
  ]
}
