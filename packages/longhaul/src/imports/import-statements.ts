import type { Statements } from '../database/database.ts'

const unended = `('queued', 'running', 'retry_wait', 'paused')`
/** The job may still need what it was given. */
const goesOn = `EXISTS (SELECT 1 FROM job j WHERE j.id = import.job_id AND j.state IN ${unended})`
const forget = `UPDATE import SET sealed = NULL, key_id = NULL WHERE sealed IS NOT NULL AND NOT ${goesOn}`
const cancelled = `SELECT f.job_id, f.position, f.upload_id FROM import_file f JOIN job j ON j.id = f.job_id
  WHERE f.state = 'open' AND j.state = 'cancelled' LIMIT 100`
const orphaned = (table: string) =>
  `DELETE FROM ${table} WHERE NOT EXISTS (SELECT 1 FROM job j WHERE j.id = ${table}.job_id)`
const columns =
  'job_id, position, place, name, size_bytes, media_type, version, ranged, md5, state, error'

/** Every statement of this folder. It reads jobs; the engine alone changes them. */
export const importStatements = {
  'import.insert': {
    sqlite: 'INSERT INTO import (job_id, sealed, key_id) VALUES (?, ?, ?)',
    postgres: 'INSERT INTO import (job_id, sealed, key_id) VALUES ($1, $2, $3)',
  },
  'import.get': {
    sqlite: 'SELECT sealed, key_id, listed FROM import WHERE job_id = ?',
    postgres: 'SELECT sealed, key_id, listed FROM import WHERE job_id = $1',
  },
  'import.listed': {
    sqlite: 'UPDATE import SET listed = 1 WHERE job_id = ?',
    postgres: 'UPDATE import SET listed = 1 WHERE job_id = $1',
  },
  'import.unlist': {
    sqlite: 'DELETE FROM import_file WHERE job_id = ?',
    postgres: 'DELETE FROM import_file WHERE job_id = $1',
  },
  'import.find': {
    sqlite: `INSERT INTO import_file (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    postgres: `INSERT INTO import_file (${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
  },
  'import.files': {
    sqlite: 'SELECT * FROM import_file WHERE job_id = ? ORDER BY position',
    postgres: 'SELECT * FROM import_file WHERE job_id = $1 ORDER BY position',
  },
  'import.found-again': {
    sqlite: `UPDATE import_file SET state = 'found', upload_id = NULL, store_upload_id = NULL,
      size_bytes = ?, media_type = ?, version = ?, ranged = ?, md5 = ? WHERE job_id = ? AND position = ?`,
    postgres: `UPDATE import_file SET state = 'found', upload_id = NULL, store_upload_id = NULL,
      size_bytes = $1, media_type = $2, version = $3, ranged = $4, md5 = $5 WHERE job_id = $6 AND position = $7`,
  },
  'import.open': {
    sqlite: `UPDATE import_file SET state = 'open', upload_id = ?, store_upload_id = ? WHERE job_id = ? AND position = ?`,
    postgres: `UPDATE import_file SET state = 'open', upload_id = $1, store_upload_id = $2 WHERE job_id = $3 AND position = $4`,
  },
  'import.done': {
    sqlite: `UPDATE import_file SET state = 'done', size_bytes = ?, uri = ?, sha256 = ? WHERE job_id = ? AND position = ?`,
    postgres: `UPDATE import_file SET state = 'done', size_bytes = $1, uri = $2, sha256 = $3 WHERE job_id = $4 AND position = $5`,
  },
  'import.failed': {
    sqlite: `UPDATE import_file SET state = 'failed', error = ? WHERE job_id = ? AND position = ?`,
    postgres: `UPDATE import_file SET state = 'failed', error = $1 WHERE job_id = $2 AND position = $3`,
  },
  'import.forget-secrets': { sqlite: forget, postgres: forget },
  'import.sealed': {
    sqlite: `SELECT COUNT(*) AS count FROM import WHERE sealed IS NOT NULL AND NOT ${goesOn}`,
    postgres: `SELECT COUNT(*)::int AS count FROM import WHERE sealed IS NOT NULL AND NOT ${goesOn}`,
  },
  'import.cancelled': { sqlite: cancelled, postgres: cancelled },
  'import.remove': { sqlite: orphaned('import'), postgres: orphaned('import') },
  'import.remove-files': { sqlite: orphaned('import_file'), postgres: orphaned('import_file') },
} as const satisfies Statements

export interface ImportRow {
  readonly sealed: string | null
  readonly key_id: string | null
  readonly listed: number
}
export interface ImportFileRow {
  readonly job_id: string
  readonly position: number
  readonly place: string
  readonly name: string
  readonly size_bytes: number | null
  readonly media_type: string | null
  readonly version: string | null
  readonly ranged: number
  readonly md5: string | null
  readonly state: 'found' | 'open' | 'done' | 'failed'
  readonly upload_id: string | null
  readonly store_upload_id: string | null
  readonly uri: string | null
  readonly sha256: string | null
  readonly error: string | null
}
