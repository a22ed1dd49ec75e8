import { z } from 'zod'
import { sha256, timestamp } from './primitives.ts'

/** `POST /uploads`: an upload that starts no job. */
export const uploadRequest = z.object({
  filename: z.string(),
  size_bytes: z.int().positive(),
  content_type: z.string().optional(),
  /** Asked for; the answer says what it is. The store sets limits, and so many parts make larger ones. */
  part_size_bytes: z.int().positive().optional(),
})
export type UploadRequest = z.infer<typeof uploadRequest>

export const partUrl = z.object({ part_number: z.int().min(1), url: z.string() })
export type PartUrl = z.infer<typeof partUrl>

/** PUT part n (of `part_size_bytes`, the last one the rest) to its URL and keep the ETag of each answer. */
export const uploadStarted = z.object({
  upload_id: z.string(),
  filename: z.string(),
  size_bytes: z.int(),
  part_size_bytes: z.int(),
  part_urls: z.array(partUrl),
  uri: z.string(),
  expires_at: timestamp,
})
export type UploadStarted = z.infer<typeof uploadStarted>

/** `POST /uploads/{id}/complete`. Without `parts`: whatever the store has. */
export const uploadCompletion = z.object({
  parts: z.array(z.object({ part_number: z.int(), etag: z.string() })).optional(),
})
export type UploadCompletion = z.infer<typeof uploadCompletion>

export const uploadCompleted = z.object({
  upload_id: z.string(),
  status: z.literal('completed'),
  uri: z.string(),
  etag: z.string(),
  size_bytes: z.int(),
  sha256: sha256.nullable().optional(),
})
export type UploadCompleted = z.infer<typeof uploadCompleted>

/** `GET /uploads/{id}`: what is still missing, to go on after an interruption. */
export const uploadView = z.object({
  upload_id: z.string(),
  filename: z.string(),
  size_bytes: z.int(),
  part_size_bytes: z.int(),
  status: z.enum(['open', 'completed']),
  received_bytes: z.int(),
  missing_parts: z.array(z.int()),
  /** Fresh URLs of the missing parts. */
  part_urls: z.array(partUrl).optional(),
  expires_at: timestamp,
})
export type UploadView = z.infer<typeof uploadView>
