import { datasetStatus, type DatasetStatus, type Problem } from '@longhaul/protocol'
import type { Services } from '../app/services.ts'
import type { Write } from '../database/database.ts'
import { isLonghaulError } from '../errors/index.ts'
import { hideMachinePaths } from '../support/machine-paths.ts'
import { mayFollow, moveDataset, type Move } from './dataset-status.ts'
import type { UploadedFile } from './upload-job.ts'

type Parts = Pick<Services, 'database' | 'uploads' | 'config'>

interface Unsettled {
  readonly id: string
  readonly dataset_uuid: string
  readonly session: string | null
  readonly source_type: string
  readonly state: 'running' | 'completed' | 'failed' | 'cancelled'
  readonly attempt: number
  readonly result: string | null
  readonly problem: string | null
  readonly status: string
  readonly convert: number
}

/** Files of one transaction: others want to write too. */
const chunkFiles = 500

/**
 * Tells datasets what has come of their uploads, whoever ran the jobs. May be called by several processes at once: what one
 * has told, the other finds told. Whether there was anything to tell.
 */
export async function settleUploads(parts: Parts): Promise<boolean> {
  const rows = await parts.database.read<Unsettled>('portal.to-settle', [])
  for (const row of rows) await settle(parts, row)
  return rows.length > 0
}

async function settle(parts: Parts, row: Unsettled): Promise<void> {
  const { database } = parts
  const { id, dataset_uuid: uuid, state, attempt } = row
  const files = state === 'completed' ? filesIn(row.result) : []
  for (let at = 0; at < files.length; at += chunkFiles)
    await database.write(files.slice(at, at + chunkFiles).map((file) => addFile(parts, row, file)))
  const ended = state === 'running' ? null : state
  const goesOn = state !== 'completed' // a retry may follow
  await database.write([
    { statement: 'dataset.touch', params: [uuid] },
    { statement: 'portal.settled', params: [id, `${state}${attempt}`, ended, Number(goesOn)] },
    ...movesOf(row),
  ])
  // Nothing comes of it any more; of a failed one the session stays, to be mended.
  if (state === 'cancelled' && row.session !== null)
    await parts.uploads.abort(row.session, 'everyone').catch((error: unknown) => {
      if (!isLonghaulError(error)) throw error
    })
}

/** From where the dataset is to where this end takes it, step by step. */
function movesOf({ id, dataset_uuid: uuid, state, status, problem }: Unsettled): readonly Write[] {
  const at = datasetStatus.parse(status)
  const toUploading: readonly Move[] = pathTo(at).map(([from, to]) => ({
    ...{ uuid, from, to, reason: `upload ${id}` },
  }))
  const arrives = at === 'uploading' || toUploading.length > 0
  const moves = [...toUploading]
  if (arrives && state === 'completed')
    moves.push({ uuid, from: 'uploading', to: 'done', reason: `upload ${id}`, onlyLast: true })
  if (arrives && (state === 'failed' || state === 'cancelled'))
    moves.push({
      ...{ uuid, from: 'uploading', to: 'upload error', reason: `upload ${id} ${state}` },
      error: state === 'cancelled' ? 'The upload was cancelled' : errorIn(problem),
    })
  return moves.flatMap(moveDataset)
}

/** A dataset that is further than its uploads stays there: what comes later is added to it. */
function pathTo(at: DatasetStatus): readonly (readonly [DatasetStatus, DatasetStatus])[] {
  const way: DatasetStatus[] = ['upload error', 'upload queued', 'uploading']
  const from = way.indexOf(at)
  if (from === -1) return []
  return way.slice(from, -1).flatMap((one, n) => {
    const to = way[from + n + 1]
    return to !== undefined && mayFollow(one, to) ? [[one, to] as const] : []
  })
}

const addFile = ({ config }: Parts, row: Unsettled, file: UploadedFile): Write => ({
  statement: 'dataset.add-file',
  params: [
    row.dataset_uuid,
    file.name,
    row.id,
    file.uri,
    file.upload_id ?? null,
    row.source_type,
    file.source_path ?? file.name,
    file.size_bytes,
    file.sha256 ?? null,
    file.media_type ?? null,
    config.rules.length === 0 ? 1 : 0,
  ],
})

function filesIn(result: string | null): readonly UploadedFile[] {
  const { value } = JSON.parse(result ?? '{}') as { value?: { files?: UploadedFile[] } | null }
  return value?.files ?? []
}

export function errorIn(problem: string | null): string {
  if (problem === null) return 'The upload failed'
  const { detail, title } = JSON.parse(problem) as Problem
  return hideMachinePaths(detail) || title
}
