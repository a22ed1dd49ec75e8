import { z } from 'zod'
import { callbackUrl } from './callback.ts'
import { timestamp } from './primitives.ts'
import { partUrl } from './upload.ts'

/** `POST /ingest/start`: upload files that become one job when the last is complete. */
export const ingestStart = z.object({
  files: z.array(z.object({ filename: z.string(), size_bytes: z.int().positive() })).min(1),
  /** Is told, by a signed POST, how the job ended. */
  callback_url: callbackUrl.nullish(),
})
export type IngestStart = z.infer<typeof ingestStart>

export const ingestStarted = z.object({
  job_id: z.string(),
  files: z.array(
    z.object({
      file_id: z.string(),
      filename: z.string(),
      s3_key: z.string(),
      upload_id: z.string(),
      size_bytes: z.int(),
      part_size_bytes: z.int(),
      part_urls: z.array(partUrl),
    }),
  ),
  expires_at: timestamp,
})
export type IngestStarted = z.infer<typeof ingestStarted>

/** `POST /ingest/complete`, once per file. The field names of `parts` are S3's. */
export const ingestComplete = z.object({
  job_id: z.string(),
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
