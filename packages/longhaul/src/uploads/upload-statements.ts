import type { Statements } from '../database/database.ts'

const now = `CAST(unixepoch('subsec') * 1000 AS INTEGER)`
const pgNow = `(extract(epoch FROM clock_timestamp()) * 1000)::bigint`

/**
 * An ingest goes as a whole, unless it has become a job: without one of its files it never will. What is only material for
 * another upload goes too, complete or not.
 */
const closing = (state: string) => `UPDATE upload SET state = '${state}'
  WHERE (id = ?1 OR job_id = ?2) AND consumed_at IS NULL
    AND (state = 'open' OR (state = 'completed' AND (job_id IS NOT NULL OR partial = 1)))`
const pgClosing = (state: string) => closing(state).replace('?1', '$1').replace('?2', '$2')

/** How many sessions are ended at a time: more would hold up the event loop. */
export const batchRows = 25

/** Every statement of this folder, to be registered when the database is opened. */
export const uploadStatements = {
  'upload.insert': {
    sqlite: `INSERT INTO upload (id, owner, job_id, processor, position, filename, key, media_type,
        size_bytes, part_bytes, created_at, expires_at, growing, wanted_sha256, note, partial)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${now}, ${now} + ?, ?, ?, ?, ?)`,
    postgres: `INSERT INTO upload (id, owner, job_id, processor, position, filename, key, media_type,
        size_bytes, part_bytes, created_at, expires_at, growing, wanted_sha256, note, partial)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, ${pgNow}, ${pgNow} + $11, $12, $13, $14, $15)`,
  },
  'upload.begun': {
    sqlite: `UPDATE upload SET store_upload_id = ? WHERE id = ? AND state = 'open'`,
    postgres: `UPDATE upload SET store_upload_id = $1 WHERE id = $2 AND state = 'open'`,
  },
  'upload.get': {
    sqlite: `SELECT * FROM upload WHERE id = ? AND state <> 'aborted'`,
    postgres: `SELECT * FROM upload WHERE id = $1 AND state <> 'aborted'`,
  },
  // A JSON array of ids.
  'upload.completed-of': {
    sqlite: `SELECT * FROM upload WHERE id IN (SELECT value FROM json_each(?)) AND state = 'completed'`,
    postgres: `SELECT * FROM upload WHERE id IN (SELECT json_array_elements_text($1::json)) AND state = 'completed'`,
  },
  'upload.of-job': {
    sqlite: 'SELECT * FROM upload WHERE job_id = ? ORDER BY position',
    postgres: 'SELECT * FROM upload WHERE job_id = $1 ORDER BY position',
  },
  'upload.of-key': {
    sqlite: 'SELECT * FROM upload WHERE key = ?',
    postgres: 'SELECT * FROM upload WHERE key = $1',
  },
  'upload.extend': {
    sqlite: `UPDATE upload SET expires_at = max(expires_at, ${now} + ?)
      WHERE store_upload_id = ? AND state = 'open'`,
    postgres: `UPDATE upload SET expires_at = greatest(expires_at, ${pgNow} + $1)
      WHERE store_upload_id = $2 AND state = 'open'`,
  },
  'upload.complete': {
    sqlite: `UPDATE upload SET state = 'completed', etag = ?, sha256 = ?, parts_digest = ?,
        completed_at = ${now}
      WHERE id = ? AND state = 'open'`,
    postgres: `UPDATE upload SET state = 'completed', etag = $1, sha256 = $2, parts_digest = $3,
        completed_at = ${pgNow}
      WHERE id = $4 AND state = 'open'`,
  },
  'upload.consume': {
    sqlite: `UPDATE upload SET consumed_at = ${now}
      WHERE job_id = ? AND state = 'completed' AND consumed_at IS NULL`,
    postgres: `UPDATE upload SET consumed_at = ${pgNow}
      WHERE job_id = $1 AND state = 'completed' AND consumed_at IS NULL`,
  },
  'upload.late': {
    sqlite: `SELECT * FROM upload WHERE (state = 'open' OR (state = 'completed' AND partial = 1))
        AND expires_at < ${now}
      ORDER BY expires_at LIMIT ${batchRows}`,
    postgres: `SELECT * FROM upload WHERE (state = 'open' OR (state = 'completed' AND partial = 1))
        AND expires_at < ${pgNow}
      ORDER BY expires_at LIMIT ${batchRows}`,
  },
  'upload.expire': {
    sqlite: `${closing('expired')} AND EXISTS (
      SELECT 1 FROM upload late WHERE late.id = ?1 AND late.expires_at < ${now})`,
    postgres: `${pgClosing('expired')} AND EXISTS (
      SELECT 1 FROM upload late WHERE late.id = $1 AND late.expires_at < ${pgNow})`,
  },
  'upload.promised': {
    sqlite: `SELECT coalesce(sum(size_bytes), 0) AS bytes FROM upload WHERE state = 'open'`,
    postgres: `SELECT coalesce(sum(size_bytes), 0)::float8 AS bytes FROM upload WHERE state = 'open'`,
  },
  // After the inserts of the same transaction, none of which may run beside another's.
  'upload.promise-alone': {
    sqlite: 'UPDATE upload SET cleaned = cleaned WHERE id IS NULL',
    postgres: 'SELECT pg_advisory_xact_lock(7240910)',
  },
  'upload.promise': {
    sqlite: `UPDATE upload SET cleaned = cleaned WHERE id = ?
      AND (SELECT coalesce(sum(size_bytes), 0) FROM upload WHERE state = 'open') <= ?`,
    postgres: `UPDATE upload SET cleaned = cleaned WHERE id = $1
      AND (SELECT coalesce(sum(size_bytes), 0) FROM upload WHERE state = 'open') <= $2`,
  },
  'upload.open-of': {
    sqlite: `SELECT count(*) AS open FROM upload WHERE owner = ? AND state = 'open'`,
    postgres: `SELECT count(*)::int AS open FROM upload WHERE owner = $1 AND state = 'open'`,
  },
  'upload.open': {
    sqlite: `SELECT * FROM upload WHERE state = 'open' ORDER BY size_bytes DESC LIMIT 1000`,
    postgres: `SELECT * FROM upload WHERE state = 'open' ORDER BY size_bytes DESC LIMIT 1000`,
  },
  // Raises the fence, so that whoever holds the upload elsewhere lets go.
  'upload.take': {
    sqlite: 'UPDATE upload SET fence = fence + 1 WHERE id = ?',
    postgres: 'UPDATE upload SET fence = fence + 1 WHERE id = $1',
  },
  'upload.release': {
    sqlite: 'UPDATE upload SET released = max(released, ?) WHERE id = ?',
    postgres: 'UPDATE upload SET released = greatest(released, $1) WHERE id = $2',
  },
  'upload.fence': {
    sqlite: 'SELECT fence, released FROM upload WHERE id = ?',
    postgres: 'SELECT fence, released FROM upload WHERE id = $1',
  },
  'upload.declare': {
    sqlite: `UPDATE upload SET size_bytes = ?, growing = 2 WHERE id = ? AND growing = 1 AND state = 'open'`,
    postgres: `UPDATE upload SET size_bytes = $1, growing = 2 WHERE id = $2 AND growing = 1 AND state = 'open'`,
  },
  'upload.declare-joined': {
    sqlite: 'UPDATE upload SET size_bytes = ? WHERE id = ?',
    postgres: 'UPDATE upload SET size_bytes = $1 WHERE id = $2',
  },
  'upload.used': {
    sqlite: `UPDATE upload SET expires_at = min(expires_at, ${now} + ?) WHERE id = ?`,
    postgres: `UPDATE upload SET expires_at = least(expires_at, ${pgNow} + $1) WHERE id = $2`,
  },
  'upload.abort': { sqlite: closing('aborted'), postgres: pgClosing('aborted') },
  'upload.to-clean': {
    sqlite: `SELECT * FROM upload WHERE state IN ('expired', 'aborted') AND cleaned = 0 LIMIT ${batchRows}`,
    postgres: `SELECT * FROM upload WHERE state IN ('expired', 'aborted') AND cleaned = 0 LIMIT ${batchRows}`,
  },
  'upload.cleaned': {
    sqlite: 'UPDATE upload SET cleaned = 1 WHERE id = ?',
    postgres: 'UPDATE upload SET cleaned = 1 WHERE id = $1',
  },
  'upload.forget': {
    sqlite: `DELETE FROM upload WHERE cleaned = 1 AND expires_at < ${now} - ?`,
    postgres: `DELETE FROM upload WHERE cleaned = 1 AND expires_at < ${pgNow} - $1`,
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
  /** 1: its size is not known; 2: it was not when the upload was started. */
  readonly growing: 0 | 1 | 2
  /** How often somebody came to append; 0: it is sent in parts. */
  readonly fence: number
  readonly released: number
  readonly wanted_sha256: string | null
  readonly note: string | null
  readonly partial: 0 | 1
}
