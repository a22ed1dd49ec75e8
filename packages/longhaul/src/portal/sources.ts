import { largestUpload, sensors, uploadSources, type UploadSource } from '@longhaul/protocol'
import type { Config } from '../app/config.ts'

const MiB = 1024 * 1024

/** From here on an upload is called `chunked`; it is one stream all the same. */
export const largeBytes = 100 * MiB
export const largeThresholdMb = largeBytes / MiB

/** What `source_config` must have. */
export const requiredKeys: Readonly<Record<UploadSource, readonly string[]>> = {
  local: ['file_path'],
  google_drive: ['file_id', 'service_account_file'],
  s3: ['bucket_name', 'object_key', 'access_key_id', 'secret_access_key'],
  url: ['url'],
  dropbox: [],
  onedrive: [],
}

export const supportedSources = {
  source_types: [...uploadSources],
  sensor_types: [...sensors],
  required_parameters: requiredKeys,
  optional_parameters: Object.fromEntries(
    uploadSources.map((source) => [source, ['folder', 'team_uuid']]),
  ),
  /** Listed, and refused: 400. */
  unsupported_source_types: ['dropbox', 'onedrive'],
  large_file_threshold_mb: largeThresholdMb,
}

/** What both applications of system E said of themselves; this service's own limit, where it is lower. */
export const limitsOf = ({
  maxUploadBytes,
  uploadKeepSeconds,
  chunkBytes,
}: Pick<Config, 'maxUploadBytes' | 'uploadKeepSeconds' | 'chunkBytes'>) => {
  const max = Math.min(maxUploadBytes, largestUpload)
  return {
    max_file_size_bytes: max,
    max_file_size_tb: max / 1024 ** 4,
    large_file_threshold_bytes: largeBytes,
    large_file_threshold_mb: largeThresholdMb,
    chunk_size_bytes: chunkBytes,
    chunk_size_mb: chunkBytes / MiB,
    resumable_upload_timeout_days: uploadKeepSeconds / 86_400,
    supported_source_types: [...uploadSources],
    recommended_for_files_larger_than_mb: largeThresholdMb,
    /** There is none: bytes go to where they stay. */
    temp_directory: null,
  }
}

/** Seconds that system E told for a transfer of so many bytes. */
export const durationOfUpload = (bytes: number): number =>
  Math.max(bytes > largeBytes ? 300 : 60, Math.round((2 * bytes) / MiB))

export const durationOfImport = (source: string): number =>
  ({ google_drive: 600, url: 180 })[source] ?? 300

const baseSeconds: Readonly<Record<string, number>> = {
  local: 60,
  google_drive: 300,
  s3: 180,
  url: 120,
}

export function estimateTime(source: string, megabytes: number) {
  const seconds = Math.round((baseSeconds[source] ?? 300) + 2 * megabytes)
  return {
    source_type: source,
    estimated_seconds: seconds,
    estimated_minutes: Math.round((seconds / 60) * 10) / 10,
    file_size_mb: megabytes,
  }
}
