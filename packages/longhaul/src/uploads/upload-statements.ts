import type { Statements } from '../database/database.ts'

const now = `CAST(unixepoch('subsec') * 1000 AS INTEGER)`

/** An ingest goes as a whole, unless it has become a job: without one of its files it never will. */
const closing = (state: string) => `UPDATE upload SET state = '${state}'
  WHERE (id = ?1 OR job_id = ?2) AND consumed_at IS NULL
    AND (state = 'open' OR (state = 'completed' AND job_id IS NOT NULL))`

/** Every statement of this folder, to be registered when the database is opened. */
export const uploadStatements = {
  'upload.insert': {
    sqlite: `INSERT INTO upload (id, owner, job_id, processor, position, filename, key, media_type,
        size_bytes, part_bytes, created_at, expires_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${now}, ${now} + ?)`,
  },
  'upload.begun': {
    sqlite: `UPDATE upload SET store_upload_id = ? WHERE id = ? AND state = 'open'`,
  },
  'upload.get': {
    sqlite: `SELECT * FROM upload WHERE id = ? AND state <> 'aborted'`,
  },
  'upload.of-job': { sqlite: 'SELECT * FROM upload WHERE job_id = ? ORDER BY position' },
  'upload.of-key': { sqlite: 'SELECT * FROM upload WHERE key = ?' },
  'upload.extend': {
    sqlite: `UPDATE upload SET expires_at = max(expires_at, ${now} + ?)
      WHERE store_upload_id = ? AND state = 'open'`,
  },
  'upload.complete': {
    sqlite: `UPDATE upload SET state = 'completed', etag = ?, sha256 = ?, parts_digest = ?,
        completed_at = ${now}
      WHERE id = ? AND state = 'open'`,
  },
  'upload.consume': {
    sqlite: `UPDATE upload SET consumed_at = ${now}
      WHERE job_id = ? AND state = 'completed' AND consumed_at IS NULL`,
  },
  'upload.late': {
    sqlite: `SELECT * FROM upload WHERE state = 'open' AND expires_at < ${now}
      ORDER BY expires_at LIMIT 100`,
  },
  'upload.expire': {
    sqlite: `${closing('expired')} AND EXISTS (
      SELECT 1 FROM upload late WHERE late.id = ?1 AND late.state = 'open' AND late.expires_at < ${now})`,
  },
  'upload.abort': { sqlite: closing('aborted') },
  'upload.to-clean': {
    sqlite: `SELECT * FROM upload WHERE state IN ('expired', 'aborted') AND cleaned = 0 LIMIT 100`,
  },
  'upload.cleaned': { sqlite: 'UPDATE upload SET cleaned = 1 WHERE id = ?' },
  'upload.forget': {
    sqlite: `DELETE FROM upload WHERE cleaned = 1 AND expires_at < ${now} - ?`,
  },
} as const satisfies Statements

export interface UploadRow {
  readonly id: string
  readonly owner: string
  readonly job_id: string | null
  readonly processor: string | null
  readonly position: number
  readonly filename: string
  readonly key: string
  readonly media_type: string | null
  readonly size_bytes: number
  readonly part_bytes: number
  readonly store_upload_id: string | null
  readonly state: 'open' | 'completed' | 'expired' | 'aborted'
  readonly etag: string | null
  readonly sha256: string | null
  readonly parts_digest: string | null
  readonly created_at: number
  readonly expires_at: number
  readonly consumed_at: number | null
}
