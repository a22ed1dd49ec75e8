import { largestUpload, sensors, uploadSources } from '@longhaul/protocol'
import type { Config } from '../app/config.ts'
import type { SourceDescription } from '../imports/index.ts'

const MiB = 1024 * 1024

/** From here on an upload is called `chunked`; it is one stream all the same. */
export const largeBytes = 100 * MiB
export const largeThresholdMb = largeBytes / MiB

/** Every source, with what it needs; those that are not supported are listed all the same, as they were. */
export const supportedSources = (sources: readonly SourceDescription[]) => ({
  source_types: [...uploadSources],
  sensor_types: [...sensors],
  required_parameters: Object.fromEntries(sources.map(({ type, required }) => [type, required])),
  optional_parameters: Object.fromEntries(
    sources.map(({ type, optional }) => [type, ['folder', 'team_uuid', ...optional]]),
  ),
  /** 400 where they are asked for. */
  unsupported_source_types: sources.filter((one) => !one.supported).map(({ type }) => type),
  large_file_threshold_mb: largeThresholdMb,
})

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
