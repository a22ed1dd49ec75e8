import type { Storage } from '../storage/index.ts'
import type { Uploads } from '../uploads/uploads.ts'
import type { ImportFiles } from './import-files.ts'
import type { ImportProgress } from './import-progress.ts'
import type { Source } from './source.ts'
import type { Tuning } from './tuning.ts'

/** What the transfer of one file needs. */
export interface Transfer {
  readonly source: Source
  readonly files: ImportFiles
  readonly uploads: Uploads
  readonly storage: Storage
  readonly owner: string
  readonly jobId: string
  readonly tuning: Tuning
  readonly progress: ImportProgress
  readonly signal: AbortSignal
}
export interface OpenUpload {
  readonly uploadId: string
  readonly storeUploadId: string
  readonly key: string
  readonly partBytes: number
  readonly missingParts: readonly number[]
}
