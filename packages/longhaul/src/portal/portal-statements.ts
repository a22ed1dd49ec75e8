import type { Statements } from '../database/database.ts'

const now = `CAST(unixepoch('subsec') * 1000 AS INTEGER)`
const pgNow = `(extract(epoch FROM clock_timestamp()) * 1000)::bigint`

/** One text for both: `?1` is `$1`, NOW and STAGE are what each database calls them. */
const both = (text: string) => ({
  sqlite: text.replaceAll('NOW', now).replaceAll('STAGE', `json_extract(p.data, '$.stage')`),
  postgres: text
    .replaceAll('NOW', pgNow)
    .replaceAll('STAGE', `(p.data::json ->> 'stage')`)
    .replaceAll(/\?(\d+)/g, '$$$1'),
})

/** A null owner stands for everybody. */
const visible = (owner: string) => `(CAST(${owner} AS TEXT) IS NULL OR owner = ${owner})`

const datasetColumns = `d.*,
  (SELECT count(*) FROM dataset_file f WHERE f.dataset_uuid = d.uuid) AS file_count,
  (SELECT CAST(coalesce(sum(f.size_bytes), 0) AS DOUBLE PRECISION)
    FROM dataset_file f WHERE f.dataset_uuid = d.uuid) AS total_bytes`

/** Another upload to the same dataset has not been settled. */
const othersOpen = `EXISTS (SELECT 1 FROM portal_upload o
  WHERE o.dataset_uuid = ?1 AND o.is_open = 1 AND o.ended IS NULL)`

/** In the words of system E. */
const word = `CASE
  WHEN j.id IS NULL AND u.ended IS NOT NULL THEN u.ended
  WHEN j.id IS NULL AND (s.id IS NULL OR s.state IN ('expired', 'aborted')) THEN 'failed'
  WHEN j.id IS NULL THEN 'uploading'
  WHEN j.state IN ('queued', 'retry_wait') THEN 'queued'
  WHEN j.state <> 'running' THEN j.state
  WHEN STAGE IN ('initializing', 'uploading', 'processing', 'verifying') THEN STAGE
  ELSE 'initializing' END`
const uploads = `SELECT u.*, j.state AS job_state, j.problem, p.data AS progress,
    coalesce(j.updated_at, u.updated_at) AS changed_at, s.state AS session_state, ${word} AS word
  FROM portal_upload u LEFT JOIN job j ON j.id = u.id LEFT JOIN job_progress p ON p.job_id = u.id
    LEFT JOIN upload s ON s.id = u.session`
const ofUser = `(CAST(?1 AS TEXT) IS NULL OR u.owner = ?1) AND u.user_email = ?2
  AND (CAST(?3 AS TEXT) IS NULL OR ${word} = ?3)`

/** Every statement of this folder, to be registered when the database is opened. */
export const portalStatements = {
  'dataset.insert':
    both(`INSERT INTO dataset (uuid, number, slug, owner, name, user_email, sensor, convert,
      is_public, is_public_downloadable, folder, team_uuid, tags, source_type, source_path, status, job_id,
      created_at, updated_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, 'submitted', ?16, NOW, NOW)
    ON CONFLICT DO NOTHING`),
  'dataset.log-new': both(
    `INSERT INTO dataset_change (dataset_uuid, from_status, to_status, reason, at)
      VALUES (?1, NULL, 'submitted', ?2, NOW)`,
  ),
  'dataset.log-move': both(
    `INSERT INTO dataset_change (dataset_uuid, from_status, to_status, reason, at)
      SELECT uuid, CAST(?2 AS TEXT), CAST(?3 AS TEXT), CAST(?4 AS TEXT), NOW FROM dataset
      WHERE uuid = ?1 AND status = ?2 AND (CAST(?5 AS INTEGER) = 0 OR NOT ${othersOpen})`,
  ),
  'dataset.move': both(`UPDATE dataset SET status = ?3, error_message = ?4, updated_at = NOW,
      completed_at = CASE WHEN ?3 = 'done' THEN NOW ELSE completed_at END
    WHERE uuid = ?1 AND status = ?2 AND (CAST(?5 AS INTEGER) = 0 OR NOT ${othersOpen})`),
  // Also holds it, so that two uploads which end at once are told one after the other.
  'dataset.touch': both(`UPDATE dataset SET updated_at = NOW WHERE uuid = ?1`),
  'dataset.get': both(`SELECT ${datasetColumns} FROM dataset d WHERE d.uuid = ?1`),
  'dataset.find': both(`SELECT ${datasetColumns} FROM dataset d
    WHERE ${visible('?3')} AND (d.uuid = ?1 OR d.slug = ?1 OR d.name = ?1 OR d.number = CAST(?2 AS INTEGER))
    ORDER BY CASE WHEN d.uuid = ?1 THEN 0 WHEN d.slug = ?1 THEN 1 WHEN d.number = CAST(?2 AS INTEGER) THEN 2 ELSE 3 END
    LIMIT 2`),
  'dataset.slugs': both(
    `SELECT count(*) AS n FROM dataset WHERE slug = ?1 OR substr(slug, 1, CAST(?2 AS INTEGER)) = ?3`,
  ),
  'dataset.changes': both(
    `SELECT from_status, to_status, reason, at FROM dataset_change WHERE dataset_uuid = ?1 ORDER BY seq LIMIT 1000`,
  ),
  'dataset.files': both(
    `SELECT * FROM dataset_file WHERE dataset_uuid = ?1 ORDER BY name LIMIT 1000`,
  ),
  // A file that comes again under its name takes the place of the earlier one.
  'dataset.add-file':
    both(`INSERT INTO dataset_file (dataset_uuid, name, job_id, uri, upload_id, source_type, source_path, size_bytes,
      sha256, media_type, created_at, ruled)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, NOW, ?11)
    ON CONFLICT (dataset_uuid, name) DO UPDATE SET job_id = excluded.job_id, uri = excluded.uri,
      upload_id = excluded.upload_id, source_type = excluded.source_type, source_path = excluded.source_path,
      size_bytes = excluded.size_bytes, sha256 = excluded.sha256, media_type = excluded.media_type,
      created_at = excluded.created_at, ruled = excluded.ruled, automatic_job = NULL
    WHERE dataset_file.job_id <> excluded.job_id`),
  'dataset.jobs': both(
    `SELECT id FROM portal_upload WHERE dataset_uuid = ?1
      UNION SELECT automatic_job FROM dataset_file WHERE dataset_uuid = ?1 AND automatic_job IS NOT NULL
      ORDER BY 1 LIMIT 1000`,
  ),

  'portal.insert':
    both(`INSERT INTO portal_upload (id, owner, user_email, source_type, dataset_uuid, session, request, total_bytes, created_at, updated_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NOW, NOW)`),
  'portal.submitted':
    both(`UPDATE portal_upload SET user_email = ?2, dataset_uuid = ?3, total_bytes = ?4, updated_at = NOW
    WHERE id = ?1 AND dataset_uuid IS NULL AND ended IS NULL`),
  'portal.drop': both(`DELETE FROM portal_upload WHERE id = ?1 AND dataset_uuid IS NULL`),
  'portal.end': both(`UPDATE portal_upload SET ended = ?2, is_open = 0, updated_at = NOW
    WHERE id = ?1 AND dataset_uuid IS NULL`),
  'portal.get': both(`${uploads} WHERE u.id = ?1 AND (CAST(?2 AS TEXT) IS NULL OR u.owner = ?2)`),
  'portal.list': both(
    `${uploads} WHERE ${ofUser} ORDER BY u.created_at DESC, u.id DESC LIMIT CAST(?4 AS INTEGER) OFFSET CAST(?5 AS INTEGER)`,
  ),
  'portal.count': both(
    `SELECT count(*) AS n FROM portal_upload u LEFT JOIN job j ON j.id = u.id
      LEFT JOIN job_progress p ON p.job_id = u.id LEFT JOIN upload s ON s.id = u.session WHERE ${ofUser}`,
  ),
  'portal.open-sessions': both(
    `SELECT count(*) AS n, CAST(coalesce(sum(s.size_bytes), 0) AS DOUBLE PRECISION) AS bytes
      FROM portal_upload u JOIN upload s ON s.id = u.session WHERE s.state = 'open'`,
  ),
  'portal.to-settle':
    both(`SELECT u.id, u.dataset_uuid, u.session, u.source_type, j.state, j.attempt, j.result, j.problem,
      d.status, d.convert
    FROM portal_upload u JOIN job j ON j.id = u.id JOIN dataset d ON d.uuid = u.dataset_uuid
    WHERE u.is_open = 1 AND j.state IN ('running', 'completed', 'failed', 'cancelled')
      AND (u.settled IS NULL OR u.settled <> j.state || CAST(j.attempt AS TEXT))
    ORDER BY u.created_at LIMIT 100`),
  'portal.settled':
    both(`UPDATE portal_upload SET settled = ?2, ended = ?3, is_open = CAST(?4 AS INTEGER), updated_at = NOW
    WHERE id = ?1`),
  'portal.forget': both(`DELETE FROM portal_upload WHERE updated_at < NOW - 2592000000
      AND NOT EXISTS (SELECT 1 FROM job j WHERE j.id = portal_upload.id)
      AND NOT EXISTS (SELECT 1 FROM upload s WHERE s.id = portal_upload.session AND s.state = 'open')`),

  'rules.since': both(
    `INSERT INTO automatic_job (upload_id, at) VALUES ('', NOW) ON CONFLICT DO NOTHING`,
  ),
  // What was completed long ago has been asked about, where nothing waits: nobody looks there again.
  'rules.forward': both(
    `UPDATE automatic_job SET at = NOW - 600000 WHERE upload_id = '' AND at < NOW - 1200000`,
  ),
  'rules.forget': both(
    `DELETE FROM automatic_job WHERE upload_id <> ''
      AND at < (SELECT a.at FROM automatic_job a WHERE a.upload_id = '') - 86400000`,
  ),
  'rules.files': both(
    `SELECT f.*, d.owner FROM dataset_file f JOIN dataset d ON d.uuid = f.dataset_uuid
      WHERE f.ruled = 0 ORDER BY f.created_at LIMIT 100`,
  ),
  'rules.file-done': both(
    `UPDATE dataset_file SET ruled = 1, automatic_job = ?4
      WHERE dataset_uuid = ?1 AND name = ?2 AND job_id = ?3 AND ruled = 0`,
  ),
  'rules.uploads': both(`SELECT s.id, s.owner, s.filename, s.media_type FROM upload s
    WHERE s.state = 'completed' AND s.job_id IS NULL AND s.partial = 0
      AND (s.note IS NULL OR (s.note NOT LIKE 'portal:%' AND s.note NOT LIKE 'import:%'))
      AND s.completed_at >= (SELECT at FROM automatic_job WHERE upload_id = '')
      AND NOT EXISTS (SELECT 1 FROM automatic_job a WHERE a.upload_id = s.id)
    ORDER BY s.completed_at LIMIT 100`),
  'rules.upload-done': both(
    `INSERT INTO automatic_job (upload_id, job_id, at) VALUES (?1, ?2, NOW) ON CONFLICT DO NOTHING`,
  ),
} as const satisfies Statements

export interface DatasetRow {
  readonly uuid: string
  readonly number: number
  readonly slug: string
  readonly owner: string
  readonly name: string
  readonly user_email: string
  readonly sensor: string
  readonly convert: number
  readonly is_public: number
  readonly is_public_downloadable: number
  readonly folder: string | null
  readonly team_uuid: string | null
  readonly tags: string
  readonly source_type: string
  readonly source_path: string | null
  readonly status: string
  readonly error_message: string | null
  readonly job_id: string
  readonly created_at: number
  readonly updated_at: number
  readonly completed_at: number | null
  readonly file_count: number
  readonly total_bytes: number
}

export interface DatasetFileRow {
  readonly dataset_uuid: string
  readonly name: string
  readonly job_id: string
  readonly uri: string
  readonly upload_id: string | null
  readonly source_type: string
  readonly source_path: string
  readonly size_bytes: number
  readonly sha256: string | null
  readonly media_type: string | null
  readonly created_at: number
}

export interface PortalUploadRow {
  readonly id: string
  readonly owner: string
  readonly user_email: string | null
  readonly source_type: string
  readonly dataset_uuid: string | null
  readonly session: string | null
  readonly request: string | null
  readonly total_bytes: number | null
  readonly created_at: number
  readonly changed_at: number
  readonly ended: string | null
  readonly job_state: string | null
  readonly problem: string | null
  readonly progress: string | null
  readonly session_state: string | null
  readonly word: string
}
