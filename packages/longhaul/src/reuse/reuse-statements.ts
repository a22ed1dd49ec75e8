import type { Statements } from '../database/database.ts'

const now = `CAST(unixepoch('subsec') * 1000 AS INTEGER)`
const pgNow = `(extract(epoch FROM clock_timestamp()) * 1000)::bigint`

/** A key that was used before decides by itself which job is meant. */
const find = (owner: string, fingerprint: string, key: string) => `
  SELECT r.job_id, j.state FROM result_reuse r JOIN job j ON j.id = r.job_id
  WHERE r.owner = ${owner} AND r.fingerprint = ${fingerprint} AND j.cancel_requested_at IS NULL
    AND ((j.state = 'completed' AND r.made_at IS NOT NULL)
      OR (j.state IN ('queued', 'running', 'retry_wait') AND r.made_at IS NULL))
    AND NOT EXISTS (SELECT 1 FROM job k WHERE k.owner = ${owner} AND k.idem_key = ${key})
  ORDER BY j.state <> 'completed', j.seq DESC LIMIT 8`

const made = (time: string, [id, owner, processor, fingerprint, identity]: readonly string[]) => `
  INSERT INTO result_reuse (job_id, owner, processor, fingerprint, identity, made_at)
  VALUES (${id}, ${owner}, ${processor}, ${fingerprint}, ${identity}, ${time})
  ON CONFLICT (job_id) DO UPDATE SET fingerprint = excluded.fingerprint, identity = excluded.identity,
    made_at = excluded.made_at`

const nearest = (owner: string, processor: string, id: string, before: string) => `
  SELECT r.job_id, r.fingerprint, r.identity, r.made_at FROM result_reuse r JOIN job j ON j.id = r.job_id
  WHERE r.owner = ${owner} AND r.processor = ${processor} AND r.made_at IS NOT NULL AND r.made_at <= ${before}
    AND r.job_id <> ${id} AND j.state = 'completed'
  ORDER BY r.made_at DESC LIMIT 500`

/** Every statement of this folder, to be registered when the database is opened. */
export const reuseStatements = {
  'reuse.find': {
    sqlite: find('?1', '?2', '?3'),
    postgres: find('$1', '$2', '$3'),
  },
  'reuse.asked': {
    sqlite: `INSERT INTO result_reuse (job_id, owner, processor, asked, fingerprint, identity)
      VALUES (?, ?, ?, ?, ?, ?)`,
    postgres: `INSERT INTO result_reuse (job_id, owner, processor, asked, fingerprint, identity)
      VALUES ($1, $2, $3, $4, $5, $6)`,
  },
  'reuse.made': {
    sqlite: made(now, ['?', '?', '?', '?', '?']),
    postgres: made(pgNow, ['$1', '$2', '$3', '$4', '$5']),
  },
  'reuse.used': {
    sqlite: `UPDATE result_reuse SET reused = reused + 1, reused_at = ${now} WHERE job_id = ?`,
    postgres: `UPDATE result_reuse SET reused = reused + 1, reused_at = ${pgNow} WHERE job_id = $1`,
  },
  'reuse.of-job': {
    sqlite: 'SELECT * FROM result_reuse WHERE job_id = ?',
    postgres: 'SELECT * FROM result_reuse WHERE job_id = $1',
  },
  'reuse.nearest': {
    sqlite: nearest('?1', '?2', '?3', '?4'),
    postgres: nearest('$1', '$2', '$3', '$4'),
  },
} as const satisfies Statements

export type Asked = 'missed' | 'forced' | 'unknown' | 'outputs-gone'
export interface ReuseRow {
  readonly job_id: string
  readonly asked: Asked | null
  readonly fingerprint: string | null
  readonly identity: string | null
  readonly made_at: number | null
  readonly reused: number
  readonly reused_at: number | null
}
