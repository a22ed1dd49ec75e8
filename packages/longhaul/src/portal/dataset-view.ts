import { datasetStatus, type DatasetView } from '@longhaul/protocol'
import type { Services } from '../app/services.ts'
import { iso, isoOrNull } from '../jobs/index.ts'
import type { DatasetFileRow, DatasetRow } from './portal-statements.ts'

/** The record with the fields that system E's have, and the first of its files. */
export async function datasetView(
  { database, storage, config }: Pick<Services, 'database' | 'storage' | 'config'>,
  row: DatasetRow,
): Promise<DatasetView> {
  const files = await database.read<DatasetFileRow>('dataset.files', [row.uuid])
  return {
    uuid: row.uuid,
    id: row.number,
    slug: row.slug,
    name: row.name,
    user: row.user_email,
    sensor: row.sensor as DatasetView['sensor'],
    convert: row.convert === 1,
    is_public: row.is_public === 1,
    is_public_downloadable: row.is_public_downloadable === 1,
    folder_uuid: row.folder,
    team_uuid: row.team_uuid,
    source_type: row.source_type,
    source_path: row.source_path,
    destination_path: `s3://${storage.bucket}/${config.datasetsPrefix}/`,
    total_size_bytes: row.total_bytes,
    status: datasetStatus.parse(row.status),
    tags: JSON.parse(row.tags) as string[],
    job_id: row.job_id,
    files: files.map(fileView),
    file_count: row.file_count,
    created_at: iso(row.created_at),
    updated_at: iso(row.updated_at),
    completed_at: isoOrNull(row.completed_at ?? undefined),
    error_message: row.error_message,
  }
}

/** Where it lies on this machine is for jobs to know, and told to nobody. */
const fileView = (file: DatasetFileRow): DatasetView['files'][number] => ({
  name: file.name,
  source_path: file.source_path.startsWith('/') ? file.name : file.source_path,
  destination_path: file.uri.startsWith('file:') ? file.name : file.uri,
  source_type: file.source_type,
  total_size_bytes: file.size_bytes,
  sha256: file.sha256,
  media_type: file.media_type,
  job_id: file.job_id,
  created_at: iso(file.created_at),
})
