/** For programs that knew the clients of systems A and B: the same methods, words and errors. See docs/guides/clients.md. */
export { createCompatClient } from './compat-client.ts'
export type {
  BinsStart,
  BinsStarted,
  CompatClient,
  CompatOptions,
  ManifestRequest,
} from './compat-client.ts'
export {
  ApiError,
  CompatError,
  DownloadError,
  JobFailedError,
  JobNotFoundError,
  JobTimeoutError,
  NetworkError,
  UploadError,
} from './errors.ts'
export type { BinFiles } from './bin-files.ts'
export type { IngestOptions } from './send-ingest.ts'
export type { DatasetFields } from './portal/dataset.ts'
export type {
  GoogleDriveFile,
  PortalUploads,
  S3Object,
  Sent,
  WaitForUpload,
} from './portal/portal-uploads.ts'
export type { SendOptions, SentInChunks } from './portal/send-large.ts'
export type { WaitOptions } from './wait-for-job.ts'
