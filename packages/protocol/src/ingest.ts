import { z } from 'zod'
import { callbackUrl } from './callback.ts'
import { timestamp } from './primitives.ts'
import { partUrl } from './upload.ts'

const announcedFile = z.object({ filename: z.string(), size_bytes: z.int().positive() })

/** Is told, by a signed POST, how the job ended. */
const callback_url = callbackUrl.nullish()

/** `POST /ingest/start`: upload files that become one job when the last is complete. */
export const ingestStart = z.object({ files: z.array(announcedFile).min(1), callback_url })
export type IngestStart = z.infer<typeof ingestStart>

/** The same for files in bins, as system B has them: a body has `files` or `bins`. */
export const ingestBinsStart = z.object({
  bins: z.array(z.object({ bin_id: z.string(), files: z.array(announcedFile).min(1) })).min(1),
  callback_url,
})
export type IngestBinsStart = z.infer<typeof ingestBinsStart>

const startedFile = z.object({
  file_id: z.string(),
  filename: z.string(),
  s3_key: z.string(),
  upload_id: z.string(),
  size_bytes: z.int(),
  part_size_bytes: z.int(),
  part_urls: z.array(partUrl),
})

export const ingestStarted = z.object({
  job_id: z.string(),
  files: z.array(startedFile),
  expires_at: timestamp,
})
export type IngestStarted = z.infer<typeof ingestStarted>

export const ingestBinsStarted = z.object({
  job_id: z.string(),
  bins: z.array(z.object({ bin_id: z.string(), files: z.array(startedFile) })),
  expires_at: timestamp,
})
export type IngestBinsStarted = z.infer<typeof ingestBinsStarted>

/** `POST /ingest/complete`, once per file. The field names of `parts` are S3's. */
export const ingestComplete = z.object({
  job_id: z.string(),
  /** Needed for a file of a bin. */
  bin_id: z.string().nullish(),
  file_id: z.string(),
  upload_id: z.string(),
  parts: z.array(z.object({ PartNumber: z.int(), ETag: z.string() })),
})
export type IngestComplete = z.infer<typeof ingestComplete>

export const ingestCompleted = z.object({
  file_id: z.string(),
  s3_key: z.string(),
  etag: z.string(),
  status: z.literal('completed'),
})
export type IngestCompleted = z.infer<typeof ingestCompleted>

/** `GET /ingest/{job_id}`: what is still missing, with fresh URLs, to go on after an interruption. */
export const ingestView = z.object({
  job_id: z.string(),
  /** `submitted`: every file has come, and the job of that id is there. */
  status: z.enum(['open', 'submitted']),
  files: z.array(
    startedFile.extend({
      bin_id: z.string().nullable(),
      status: z.enum(['open', 'completed']),
      received_bytes: z.int(),
      missing_parts: z.array(z.int()),
    }),
  ),
  /** Of the URLs. */
  expires_at: timestamp,
})
export type IngestView = z.infer<typeof ingestView>

/** `POST /ingest/abort`: everything that was uploaded goes. Asked again, it answers the same. */
export const ingestAbort = z.object({ job_id: z.string() })
export const ingestAborted = z.object({ job_id: z.string(), status: z.literal('aborted') })
