-- Batches that tell of their end, are followed and are deleted; tags of jobs.

ALTER TABLE batch ADD COLUMN callback_url TEXT;
-- 1: its next end is to be told; and how many have been.
ALTER TABLE batch ADD COLUMN to_tell INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batch ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
-- 1: it is deleted. Nobody sees it any more; its jobs go, then its row.
ALTER TABLE batch ADD COLUMN removing INTEGER NOT NULL DEFAULT 0;
-- A JSON array of the tags that each of its jobs has.
ALTER TABLE batch ADD COLUMN tags TEXT;
DROP INDEX batch_to_stop;
CREATE INDEX batch_to_tend ON batch (seq) WHERE stopping = 1 OR to_tell = 1 OR removing = 1;
-- In the order in which items ended: who follows a batch goes on after the last one.
CREATE INDEX job_batch_end ON job (batch_id, completed_at, batch_item)
  WHERE batch_id IS NOT NULL AND completed_at IS NOT NULL;

-- The outbox anew, because a callback is now of a job or of a batch.
CREATE TABLE outbox_whole (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id TEXT REFERENCES job (id) ON DELETE CASCADE,
  batch_id TEXT REFERENCES batch (id) ON DELETE CASCADE,
  -- The number of the event that ended the job; of a batch, of its end.
  event_no INTEGER NOT NULL,
  url TEXT NOT NULL,
  body TEXT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL,
  delivered_at INTEGER,
  origin TEXT NOT NULL DEFAULT '',
  owner TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL DEFAULT 0,
  lease TEXT,
  dead_at INTEGER,
  CHECK ((job_id IS NULL) <> (batch_id IS NULL))
) STRICT;
INSERT INTO outbox_whole (id, job_id, event_no, url, body, tries, due_at, delivered_at, origin, owner, created_at, lease, dead_at)
  SELECT id, job_id, event_no, url, body, tries, due_at, delivered_at, origin, owner, created_at, lease, dead_at FROM outbox;
CREATE TABLE outbox_try_whole (
  outbox_id INTEGER NOT NULL REFERENCES outbox_whole (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  status INTEGER,
  duration_ms INTEGER NOT NULL,
  error TEXT
) STRICT;
INSERT INTO outbox_try_whole SELECT outbox_id, at, status, duration_ms, error FROM outbox_try;
DROP TABLE outbox_try;
DROP TABLE outbox;
ALTER TABLE outbox_whole RENAME TO outbox;
ALTER TABLE outbox_try_whole RENAME TO outbox_try;
CREATE INDEX outbox_job ON outbox (job_id);
CREATE INDEX outbox_batch ON outbox (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX outbox_due ON outbox (due_at) WHERE delivered_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_dead ON outbox (id) WHERE dead_at IS NOT NULL;
CREATE INDEX outbox_owner ON outbox (owner, id);
CREATE INDEX outbox_try_of ON outbox_try (outbox_id, at);

-- What jobs are found by, besides what they are; most have none.
CREATE TABLE job_tag (
  seq INTEGER NOT NULL REFERENCES job (seq) ON DELETE CASCADE,
  tag TEXT NOT NULL,
  owner TEXT NOT NULL,
  PRIMARY KEY (seq, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_tag_of_owner ON job_tag (owner, tag, seq);
CREATE INDEX job_tag_of_all ON job_tag (tag, seq);
