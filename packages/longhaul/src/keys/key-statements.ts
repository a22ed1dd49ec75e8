import type { Statements } from '../database/database.ts'

/** Every statement of this folder, to be registered when the database is opened. */
export const keyStatements = {
  'key.insert': {
    sqlite: 'INSERT INTO api_key (id, secret_sha256, owner, note, scopes) VALUES (?, ?, ?, ?, ?)',
    postgres:
      'INSERT INTO api_key (id, secret_sha256, owner, note, scopes) VALUES ($1, $2, $3, $4, $5)',
  },
  'key.list': {
    sqlite:
      'SELECT id, owner, note, scopes, created_at, revoked_at FROM api_key ORDER BY created_at, id',
    postgres:
      'SELECT id, owner, note, scopes, created_at, revoked_at FROM api_key ORDER BY created_at, id',
  },
  'key.revoke': {
    sqlite: `UPDATE api_key SET revoked_at = CAST(unixepoch('subsec') * 1000 AS INTEGER)
      WHERE id = ? AND revoked_at IS NULL`,
    postgres: `UPDATE api_key SET revoked_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint
      WHERE id = $1 AND revoked_at IS NULL`,
  },
  'key.find': {
    sqlite:
      'SELECT id, owner, scopes, secret_sha256 FROM api_key WHERE id = ? AND revoked_at IS NULL',
    postgres:
      'SELECT id, owner, scopes, secret_sha256 FROM api_key WHERE id = $1 AND revoked_at IS NULL',
  },
  'key.any': {
    sqlite: 'SELECT 1 AS found FROM api_key WHERE revoked_at IS NULL LIMIT 1',
    postgres: 'SELECT 1 AS found FROM api_key WHERE revoked_at IS NULL LIMIT 1',
  },
} satisfies Statements
