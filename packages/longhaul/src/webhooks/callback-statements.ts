import type { Statements } from '../database/database.ts'

const now = `CAST(unixepoch('subsec') * 1000 AS INTEGER)`
const pgNow = `(extract(epoch FROM clock_timestamp()) * 1000)::bigint`
const waiting = 'delivered_at IS NULL AND dead_at IS NULL'
const ofStatus = (status: string) => `(${status} = '' OR ${status} = CASE
    WHEN delivered_at IS NOT NULL THEN 'delivered' WHEN dead_at IS NOT NULL THEN 'dead' ELSE 'waiting' END)`
const page = (status: string, before: string, limit: string) =>
  `${ofStatus(status)} AND id < ${before} ORDER BY id DESC LIMIT ${limit}`

/** Every statement of this folder, to be registered when the database is opened. The rows are the engine's to insert. */
export const callbackStatements = {
  // Of ingests that are no jobs yet. What was never completed is forgotten with a later one.
  'callback.announce': {
    sqlite: `INSERT INTO ingest_callback (job_id, url, created_at) VALUES (?, ?, ${now})`,
    postgres: `INSERT INTO ingest_callback (job_id, url, created_at) VALUES ($1, $2, ${pgNow})`,
  },
  'callback.announced': {
    sqlite: 'SELECT url FROM ingest_callback WHERE job_id = ?',
    postgres: 'SELECT url FROM ingest_callback WHERE job_id = $1',
  },
  'callback.taken-over': {
    sqlite: `DELETE FROM ingest_callback WHERE job_id = ? OR created_at < ${now} - 90 * 86400000`,
    postgres: `DELETE FROM ingest_callback WHERE job_id = $1 OR created_at < ${pgNow} - 90 * 86400000::bigint`,
  },
  // Those that are due first.
  'callback.waiting': {
    sqlite: `SELECT *, due_at <= ${now} AS is_due FROM outbox WHERE ${waiting}
        AND origin NOT IN (SELECT value FROM json_each(?)) ORDER BY due_at LIMIT 20`,
    postgres: `SELECT *, due_at <= ${pgNow} AS is_due FROM outbox WHERE ${waiting}
        AND origin <> ALL (ARRAY(SELECT jsonb_array_elements_text($1::jsonb))) ORDER BY due_at LIMIT 20`,
  },
  'callback.claim': {
    sqlite: `UPDATE outbox SET lease = ?, due_at = ${now} + ?, body = ?, tries = tries + 1
      WHERE id = ? AND tries = ? AND ${waiting} AND due_at <= ${now}`,
    postgres: `UPDATE outbox SET lease = $1, due_at = ${pgNow} + $2, body = $3, tries = tries + 1
      WHERE id = $4 AND tries = $5 AND ${waiting} AND due_at <= ${pgNow}`,
  },
  'callback.tried': {
    sqlite: `INSERT INTO outbox_try (outbox_id, at, status, duration_ms, error)
      SELECT id, ${now}, ?, ?, ? FROM outbox WHERE id = ? AND lease = ?`,
    postgres: `INSERT INTO outbox_try (outbox_id, at, status, duration_ms, error)
      SELECT id, ${pgNow}, $1::integer, $2::bigint, $3::text FROM outbox WHERE id = $4 AND lease = $5`,
  },
  'callback.delivered': {
    sqlite: `UPDATE outbox SET delivered_at = ${now}, lease = NULL WHERE id = ? AND lease = ?`,
    postgres: `UPDATE outbox SET delivered_at = ${pgNow}, lease = NULL WHERE id = $1 AND lease = $2`,
  },
  'callback.dead': {
    sqlite: `UPDATE outbox SET dead_at = ${now}, lease = NULL WHERE id = ? AND lease = ?`,
    postgres: `UPDATE outbox SET dead_at = ${pgNow}, lease = NULL WHERE id = $1 AND lease = $2`,
  },
  'callback.again': {
    sqlite: `UPDATE outbox SET due_at = ${now} + ?, lease = NULL WHERE id = ? AND lease = ?`,
    postgres: `UPDATE outbox SET due_at = ${pgNow} + $1, lease = NULL WHERE id = $2 AND lease = $3`,
  },
  'callback.release': {
    sqlite: `UPDATE outbox SET due_at = ${now}, tries = tries - 1, lease = NULL WHERE id = ? AND lease = ?`,
    postgres: `UPDATE outbox SET due_at = ${pgNow}, tries = tries - 1, lease = NULL
      WHERE id = $1 AND lease = $2`,
  },
  'callback.revive': {
    sqlite: `UPDATE outbox SET dead_at = NULL, tries = 0, due_at = ${now}
      WHERE id = ? AND delivered_at IS NULL AND lease IS NULL`,
    postgres: `UPDATE outbox SET dead_at = NULL, tries = 0, due_at = ${pgNow}
      WHERE id = $1 AND delivered_at IS NULL AND lease IS NULL`,
  },
  'callback.get': {
    sqlite: 'SELECT * FROM outbox WHERE (job_id = ?1 OR batch_id = ?1) AND event_no = ?2',
    postgres: 'SELECT * FROM outbox WHERE (job_id = $1 OR batch_id = $1) AND event_no = $2',
  },
  'callback.of-job': {
    sqlite: 'SELECT * FROM outbox WHERE job_id = ? ORDER BY id DESC LIMIT 100',
    postgres: 'SELECT * FROM outbox WHERE job_id = $1 ORDER BY id DESC LIMIT 100',
  },
  'callback.of-batch': {
    sqlite: 'SELECT * FROM outbox WHERE batch_id = ? ORDER BY id DESC LIMIT 100',
    postgres: 'SELECT * FROM outbox WHERE batch_id = $1 ORDER BY id DESC LIMIT 100',
  },
  'callback.of-owner': {
    sqlite: `SELECT * FROM outbox WHERE owner = ?4 AND ${page('?1', '?2', '?3')}`,
    postgres: `SELECT * FROM outbox WHERE owner = $4 AND ${page('$1::text', '$2', '$3')}`,
  },
  'callback.list': {
    sqlite: `SELECT * FROM outbox WHERE ${page('?1', '?2', '?3')}`,
    postgres: `SELECT * FROM outbox WHERE ${page('$1::text', '$2', '$3')}`,
  },
  'callback.tries': {
    sqlite: `SELECT * FROM outbox_try WHERE outbox_id IN (SELECT value FROM json_each(?)) ORDER BY outbox_id, at`,
    postgres: `SELECT * FROM outbox_try
      WHERE outbox_id = ANY (ARRAY(SELECT jsonb_array_elements_text($1::jsonb)::bigint)) ORDER BY outbox_id, at`,
  },
  'callback.counts': {
    sqlite: `SELECT (SELECT count(*) FROM outbox WHERE ${waiting}) AS waiting,
        (SELECT count(*) FROM outbox WHERE dead_at IS NOT NULL) AS dead`,
    postgres: `SELECT (SELECT count(*) FROM outbox WHERE ${waiting}) AS waiting,
        (SELECT count(*) FROM outbox WHERE dead_at IS NOT NULL) AS dead`,
  },
  'callback.key': {
    sqlite: 'SELECT secret FROM callback_key WHERE only_one = 1',
    postgres: 'SELECT secret FROM callback_key WHERE only_one = 1',
  },
  'callback.make-key': {
    sqlite: 'INSERT INTO callback_key (only_one, secret) VALUES (1, ?) ON CONFLICT DO NOTHING',
    postgres: 'INSERT INTO callback_key (only_one, secret) VALUES (1, $1) ON CONFLICT DO NOTHING',
  },
} as const satisfies Statements

export interface CallbackRow {
  readonly id: number
  /** One of the two: whose end is told. */
  readonly job_id: string | null
  readonly batch_id: string | null
  readonly owner: string
  readonly event_no: number
  readonly url: string
  readonly origin: string
  /** Empty until it is first sent; from then on every try sends the same bytes. */
  readonly body: string
  readonly tries: number
  readonly due_at: number
  readonly created_at: number
  readonly delivered_at: number | null
  readonly dead_at: number | null
  readonly lease: string | null
}

/** A boolean as the database has it. */
export interface WaitingRow extends CallbackRow {
  readonly is_due: boolean | 0 | 1
}

export interface TryRow {
  readonly outbox_id: number
  readonly at: number
  readonly status: number | null
  readonly duration_ms: number
  readonly error: string | null
}

/** The same for every try, and for no other callback of any service: what receivers know repetitions by. */
export const callbackIdOf = ({
  job_id,
  batch_id,
  event_no,
}: Pick<CallbackRow, 'job_id' | 'batch_id' | 'event_no'>) => `${job_id ?? batch_id}.${event_no}`
