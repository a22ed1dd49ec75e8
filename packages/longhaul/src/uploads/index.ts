/**
 * Uploads: sessions in the database, bytes in the store, one session for one file. `/uploads` and `/ingest` are two ways
 * to speak of the same sessions.
 */
export { createUploads } from './create-uploads.ts'
export { uploadStatements } from './upload-statements.ts'
export type * from './uploads.ts'
export { overrideMethod } from './tus/method-override.ts'
