import type { Statements } from '../database/database.ts'

const now = `CAST(unixepoch('subsec') * 1000 AS INTEGER)`
const pgNow = `(extract(epoch FROM clock_timestamp()) * 1000)::bigint`

/** One text for both: SQLite takes `?1` for what PostgreSQL calls `$1`. */
const same = (text: string) => ({ sqlite: text.replace(/\$(\d)/g, '?$1'), postgres: text })

const unfinished = `('queued', 'running', 'retry_wait', 'paused')`
const itemColumns = `batch_item, id, state, params, result, problem, attempt, created_at, started_at, completed_at`
const hourMs = 3_600_000
/** Before it is opened nobody sees it, nor while it is deleted. */
const there = 'opened_at IS NOT NULL AND removing = 0'

/** Every statement of this folder, to be registered when the database is opened. It reads jobs; the engine writes them. */
export const batchStatements = {
  'batch.insert': {
    sqlite: `INSERT INTO batch (id, owner, processor, job, parameters, callback_url, tags, created_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ${now})`,
    postgres: `INSERT INTO batch (id, owner, processor, job, parameters, callback_url, tags, created_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, ${pgNow})`,
  },
  // Items as one JSON array of { item, name, input, job_id? }; input is text in it, which comes out as it went in.
  'batch.add-items': {
    sqlite: `INSERT INTO batch_item (batch_id, item, name, input, job_id)
      SELECT ?, value ->> '$.item', value ->> '$.name', value ->> '$.input', value ->> '$.job_id' FROM json_each(?)`,
    postgres: `INSERT INTO batch_item (batch_id, item, name, input, job_id)
      SELECT $1, (value ->> 'item')::integer, value ->> 'name', value ->> 'input', value ->> 'job_id'
      FROM json_array_elements($2::json)`,
  },
  'batch.open': {
    sqlite: `UPDATE batch SET opened_at = ${now}, total = ?1, idem_key = ?2, idem_hash = ?3,
      to_tell = callback_url IS NOT NULL WHERE id = ?4 AND opened_at IS NULL`,
    postgres: `UPDATE batch SET opened_at = ${pgNow}, total = $1, idem_key = $2, idem_hash = $3,
      to_tell = (callback_url IS NOT NULL)::integer WHERE id = $4 AND opened_at IS NULL`,
  },
  'batch.discard': same('DELETE FROM batch WHERE id = $1 AND opened_at IS NULL'),
  'batch.unopened': same('SELECT id FROM batch WHERE opened_at IS NULL LIMIT 1'),
  'batch.forget-unopened': {
    sqlite: `DELETE FROM batch WHERE opened_at IS NULL AND created_at < ${now} - ${hourMs}`,
    postgres: `DELETE FROM batch WHERE opened_at IS NULL AND created_at < ${pgNow} - ${hourMs}`,
  },
  'batch.get': same(`SELECT * FROM batch WHERE id = $1 AND ${there}`),
  'batch.of-key': same(
    'SELECT id, idem_hash FROM batch WHERE owner = $1 AND idem_key = $2 AND opened_at IS NOT NULL',
  ),
  'batch.page': same(`SELECT * FROM batch WHERE seq < $1 AND ${there} ORDER BY seq DESC LIMIT $2`),
  'batch.page-of-owner': same(
    `SELECT * FROM batch WHERE owner = $3 AND seq < $1 AND ${there} ORDER BY seq DESC LIMIT $2`,
  ),

  'batch.counts': same(
    'SELECT state, count(*) AS n FROM job WHERE batch_id = $1 GROUP BY state ORDER BY state',
  ),
  'batch.failures': {
    sqlite: `SELECT problem ->> '$.code' AS code, count(*) AS n FROM job
      WHERE batch_id = ? AND state = 'failed' GROUP BY 1 ORDER BY n DESC, code LIMIT 100`,
    postgres: `SELECT problem::json ->> 'code' AS code, count(*) AS n FROM job
      WHERE batch_id = $1 AND state = 'failed' GROUP BY 1 ORDER BY n DESC, code LIMIT 100`,
  },
  'batch.items': same(
    `SELECT ${itemColumns} FROM job WHERE batch_id = $1 AND batch_item > $2 ORDER BY batch_item LIMIT $3`,
  ),
  'batch.items-in-state': same(
    `SELECT ${itemColumns} FROM job WHERE batch_id = $1 AND state = $4 AND batch_item > $2 ORDER BY batch_item LIMIT $3`,
  ),
  // $4: a JSON array of codes.
  'batch.items-failed-with': {
    sqlite: `SELECT ${itemColumns} FROM job WHERE batch_id = ?1 AND state = 'failed' AND batch_item > ?2
        AND problem ->> '$.code' IN (SELECT value FROM json_each(?4)) ORDER BY batch_item LIMIT ?3`,
    postgres: `SELECT ${itemColumns} FROM job WHERE batch_id = $1 AND state = 'failed' AND batch_item > $2
        AND problem::json ->> 'code' IN (SELECT json_array_elements_text($4::json)) ORDER BY batch_item LIMIT $3`,
  },
  'batch.pending': same(
    'SELECT item, name, input, job_id FROM batch_item WHERE batch_id = $1 AND item > $2 ORDER BY item LIMIT $3',
  ),
  // Of every item that has one, in their order.
  'batch.job-ids': same(
    `SELECT batch_item AS item, id FROM job WHERE batch_id = $1
      UNION ALL SELECT item, job_id FROM batch_item WHERE batch_id = $1 AND job_id IS NOT NULL ORDER BY 1`,
  ),

  'batch.to-feed': same(
    `SELECT * FROM batch WHERE opened_at IS NOT NULL AND cancelled_at IS NULL AND fed < total
      AND removing = 0 ORDER BY seq LIMIT 100`,
  ),
  'batch.unfinished': same(
    `SELECT count(*) AS n FROM job WHERE batch_id = $1 AND state IN ${unfinished}`,
  ),
  // With the jobs, or not at all: whoever fed meanwhile, or cancelled, makes it change no row.
  'batch.fed': same(
    'UPDATE batch SET fed = $3 WHERE id = $1 AND fed = $2 AND cancelled_at IS NULL',
  ),
  'batch.drop-items': same('DELETE FROM batch_item WHERE batch_id = $1 AND item <= $2'),

  'batch.cancel': {
    sqlite: `UPDATE batch SET cancelled_at = coalesce(cancelled_at, ${now}), stopping = 1 WHERE id = ?`,
    postgres: `UPDATE batch SET cancelled_at = coalesce(cancelled_at, ${pgNow}), stopping = 1 WHERE id = $1`,
  },
  // First the condition of the index; of those that only wait for their end, those that have come to it.
  'batch.to-tend': same(
    `SELECT * FROM batch WHERE (stopping = 1 OR to_tell = 1 OR removing = 1)
      AND (stopping = 1 OR removing = 1 OR ((fed = total OR cancelled_at IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM job WHERE batch_id = batch.id AND state IN ${unfinished})))
      ORDER BY seq LIMIT 100`,
  ),
  'batch.untold': same(
    `SELECT id FROM job WHERE batch_id = $1 AND state IN ${unfinished} AND cancel_requested_at IS NULL LIMIT 100`,
  ),
  'batch.stopped': same('UPDATE batch SET stopping = 0 WHERE id = $1'),
  // Unless it has been retried meanwhile: its next end is told then. Whoever else tells changes no row.
  'batch.told': same(
    `UPDATE batch SET to_tell = 0, told = told + 1 WHERE id = $1 AND told = $2 AND to_tell = 1
      AND NOT EXISTS (SELECT 1 FROM job WHERE batch_id = $1 AND state IN ${unfinished})`,
  ),
  'batch.tell': {
    sqlite: `INSERT INTO outbox (batch_id, event_no, owner, url, origin, body, due_at, created_at)
      VALUES (?, ?, ?, ?, ?, '', ${now}, ${now})`,
    postgres: `INSERT INTO outbox (batch_id, event_no, owner, url, origin, body, due_at, created_at)
      VALUES ($1, $2, $3, $4, $5, '', ${pgNow}, ${pgNow})`,
  },
  'batch.tell-again': same(
    'UPDATE batch SET to_tell = 1 WHERE id = $1 AND callback_url IS NOT NULL',
  ),
  'batch.ended-since': same(
    `SELECT ${itemColumns} FROM job WHERE batch_id = $1 AND completed_at IS NOT NULL
      AND (completed_at, batch_item) > ($2, $3) ORDER BY completed_at, batch_item LIMIT $4`,
  ),
  // The key may name another batch at once.
  'batch.remove': same(
    `UPDATE batch SET removing = 1, stopping = 0, to_tell = 0, idem_key = NULL, idem_hash = NULL
      WHERE id = $1 AND removing = 0`,
  ),
  'batch.jobs': same('SELECT id FROM job WHERE batch_id = $1 ORDER BY batch_item LIMIT $2'),
  'batch.removed': same('DELETE FROM batch WHERE id = $1 AND removing = 1'),
  'batch.uncancel': same('UPDATE batch SET cancelled_at = NULL, stopping = 0 WHERE id = $1'),

  // Once retention has taken every job of it.
  'batch.forget': {
    sqlite: `DELETE FROM batch WHERE id IN (SELECT id FROM batch b WHERE b.opened_at < ${now} - ?1
        AND (b.fed = b.total OR b.cancelled_at IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM job WHERE batch_id = b.id) ORDER BY seq LIMIT 100)`,
    postgres: `DELETE FROM batch WHERE id IN (SELECT id FROM batch b WHERE b.opened_at < ${pgNow} - $1
        AND (b.fed = b.total OR b.cancelled_at IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM job WHERE batch_id = b.id) ORDER BY seq LIMIT 100)`,
  },
} as const satisfies Statements
