import { z } from 'zod'
import { jsonObject, timestamp } from './primitives.ts'

// The upload half of system E: `/api/upload/…`, and the dataset records that uploads make.

const TiB = 1024 ** 4

/** What a file may have through system E's routes, bytes. */
export const largestUpload = 10 * TiB

export const sensors = [
  'IDX',
  'TIFF',
  'TIFF RGB',
  'NETCDF',
  'HDF5',
  '4D_NEXUS',
  'RGB',
  'MAPIR',
  'OTHER',
] as const

export const uploadSources = ['local', 'google_drive', 's3', 'url', 'dropbox', 'onedrive'] as const
export type UploadSource = (typeof uploadSources)[number]

export const portalUploadStatus = z.enum([
  'queued',
  'initializing',
  'uploading',
  'processing',
  'verifying',
  'paused',
  'completed',
  'failed',
  'cancelled',
])
export type PortalUploadStatus = z.infer<typeof portalUploadStatus>

export const datasetStatus = z.enum([
  'submitted',
  'sync queued',
  'syncing',
  'conversion queued',
  'converting',
  'upload queued',
  'uploading',
  'unzipping',
  'zipping',
  'done',
  'sync error',
  'conversion error',
  'upload error',
  'unzip error',
  'compression error',
  'failed',
  'retrying',
])
export type DatasetStatus = z.infer<typeof datasetStatus>

const words: Readonly<Record<string, boolean>> = {
  ...{ true: true, '1': true, yes: true, on: true },
  ...{ false: false, '0': false, no: false, off: false },
}
/** Forms say yes in several ways. */
const flag = (fallback: boolean) =>
  z
    .preprocess((said) => {
      if (said === 1 || said === 0) return said === 1
      return typeof said === 'string' ? (words[said.trim().toLowerCase()] ?? said) : said
    }, z.boolean())
    .default(fallback)

/** `a, b`: a form has one text for all of them. */
const tagList = z
  .union([z.string().max(500), z.array(z.string().max(255)).max(100)])
  .nullish()
  .transform((said) => {
    const all = typeof said === 'string' ? said.split(',') : (said ?? [])
    return [...new Set(all.map((tag) => tag.trim()).filter(Boolean))]
  })

/** What every upload says of the dataset that it makes, or adds to. */
export const datasetFields = z.object({
  /** A field like the others: who may see what is decided by keys. */
  user_email: z.email().max(254),
  dataset_name: z.string().min(1).max(255),
  sensor: z.enum(sensors),
  convert: flag(true),
  is_public: flag(false),
  is_public_downloadable: flag(false),
  /** Shown to people; no path. */
  folder: z.string().max(255).nullish(),
  team_uuid: z.string().max(255).nullish(),
  tags: tagList,
  /** UUID, slug, number or unique name of a dataset that is there; with `add_to_existing`. */
  dataset_identifier: z.string().max(255).nullish(),
  add_to_existing: flag(false),
})
export type DatasetFields = z.output<typeof datasetFields>

/** The text fields of `POST /api/upload/upload`, beside the part `file`. */
export const portalUploadFields = datasetFields.extend({
  /** Where the file lies within the dataset: its folder, or its whole path. */
  relative_path: z.string().max(500).nullish(),
})

/** `POST /api/upload/upload-path`. */
export const uploadPathFields = portalUploadFields.extend({
  file_path: z.string().max(4096).nullish(),
  original_filename: z.string().max(500).nullish(),
})

/** `POST /api/upload/initiate` and `POST /api/upload/cloud/large`. */
export const importRequest = datasetFields.extend({
  source_type: z.enum(uploadSources),
  source_config: jsonObject,
})
export type ImportRequest = z.output<typeof importRequest>

export const largeUploadRequest = datasetFields.extend({
  filename: z.string().min(1),
  file_size: z.coerce.number().int().min(1).max(largestUpload),
  /** SHA-256 of the whole file. */
  file_hash: z.string().regex(/^[0-9a-fA-F]{64}$/),
  relative_path: z.string().max(500).nullish(),
})

/** What an upload or an import is answered with. */
export const portalUploadStarted = z
  .object({
    job_id: z.string(),
    status: z.literal('queued'),
    message: z.string(),
    /** Seconds. */
    estimated_duration: z.int(),
    upload_type: z.enum(['standard', 'chunked', 'path']),
    dataset_uuid: z.string(),
  })
  .meta({ id: 'PortalUploadStarted' })
export type PortalUploadStarted = z.infer<typeof portalUploadStarted>

export const portalUpload = z
  .object({
    job_id: z.string(),
    status: portalUploadStatus,
    progress_percentage: z.number(),
    bytes_uploaded: z.number().nullable(),
    bytes_total: z.number().nullable(),
    message: z.string().nullable(),
    error: z.string().nullable(),
    /** The same as `error`. */
    error_message: z.string().nullable(),
    speed_mbps: z.number().nullable(),
    eta_seconds: z.number().nullable(),
    current_file: z.string().nullable(),
    created_at: timestamp,
    updated_at: timestamp,
    source_type: z.string(),
    /** Null as long as the upload has not been completed. */
    dataset_uuid: z.string().nullable(),
  })
  .meta({ id: 'PortalUpload' })
export type PortalUpload = z.infer<typeof portalUpload>

export const portalUploadList = z
  .object({
    jobs: z.array(portalUpload),
    total: z.int(),
    limit: z.int(),
    offset: z.int(),
  })
  .meta({ id: 'PortalUploadList' })

export const largeUploadStarted = z
  .object({
    upload_id: z.string(),
    /** Every chunk has so many bytes, the last one the rest. */
    chunk_size: z.int(),
    total_chunks: z.int(),
    message: z.string(),
  })
  .meta({ id: 'LargeUploadStarted' })

export const largeUploadStatus = z
  .object({
    upload_id: z.string(),
    uploaded_chunks: z.array(z.int()),
    total_chunks: z.int(),
    is_complete: z.boolean(),
    progress_percentage: z.number(),
  })
  .meta({ id: 'LargeUploadStatus' })

export const largeUploadResume = z
  .object({
    upload_id: z.string(),
    missing_chunks: z.array(z.int()),
    total_chunks: z.int(),
    can_resume: z.boolean(),
  })
  .meta({ id: 'LargeUploadResume' })

export const largeUploadCompleted = z
  .object({
    message: z.string(),
    /** Where the file lies: an object of the store. */
    file_path: z.string(),
    file_size: z.int(),
    job_submitted: z.literal(true),
    job_id: z.string(),
    dataset_uuid: z.string(),
    status: portalUploadStatus,
  })
  .meta({ id: 'LargeUploadCompleted' })

const datasetFile = z.object({
  name: z.string(),
  source_path: z.string(),
  destination_path: z.string(),
  source_type: z.string(),
  total_size_bytes: z.number(),
  sha256: z.string().nullable(),
  media_type: z.string().nullable(),
  /** The upload that brought it. */
  job_id: z.string(),
  created_at: timestamp,
})

/** `GET /api/v1/datasets/{identifier}`. */
export const dataset = z
  .object({
    uuid: z.string(),
    /** Five digits, until those are used up. */
    id: z.int(),
    slug: z.string(),
    name: z.string(),
    /** The e-mail that was given. */
    user: z.string(),
    sensor: z.enum(sensors),
    convert: z.boolean(),
    is_public: z.boolean(),
    is_public_downloadable: z.boolean(),
    folder_uuid: z.string().nullable(),
    team_uuid: z.string().nullable(),
    source_type: z.string(),
    source_path: z.string().nullable(),
    destination_path: z.string(),
    total_size_bytes: z.number(),
    status: datasetStatus,
    tags: z.array(z.string()),
    /** The upload that made it. */
    job_id: z.string(),
    /** The first 1,000 of `file_count`. */
    files: z.array(datasetFile),
    file_count: z.int(),
    created_at: timestamp,
    updated_at: timestamp,
    completed_at: timestamp.nullable(),
    error_message: z.string().nullable(),
  })
  .meta({ id: 'Dataset' })
export type DatasetView = z.infer<typeof dataset>

/** Every change of its status, oldest first. */
export const datasetStatusView = z
  .object({
    uuid: z.string(),
    status: datasetStatus,
    error_message: z.string().nullable(),
    updated_at: timestamp,
    changes: z.array(
      z.object({
        from: datasetStatus.nullable(),
        to: datasetStatus,
        reason: z.string(),
        at: timestamp,
      }),
    ),
  })
  .meta({ id: 'DatasetStatusView' })
