-- Datasets, and the uploads that bring their files, as system E has them. Times are epoch milliseconds of the database's clock.

CREATE TABLE dataset (
  uuid TEXT PRIMARY KEY,
  -- Five digits, until those are used up.
  number INTEGER NOT NULL UNIQUE,
  slug TEXT NOT NULL UNIQUE,
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  -- What the client called its user; says nothing about who may see it.
  user_email TEXT NOT NULL,
  sensor TEXT NOT NULL,
  convert INTEGER NOT NULL,
  is_public INTEGER NOT NULL,
  is_public_downloadable INTEGER NOT NULL,
  folder TEXT,
  team_uuid TEXT,
  tags TEXT NOT NULL,
  source_type TEXT NOT NULL,
  source_path TEXT,
  status TEXT NOT NULL,
  error_message TEXT,
  -- The upload that made it.
  job_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  completed_at INTEGER
) STRICT;
CREATE INDEX dataset_by_name ON dataset (name, owner);

-- Every change of a dataset's status.
CREATE TABLE dataset_change (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  dataset_uuid TEXT NOT NULL REFERENCES dataset (uuid) ON DELETE CASCADE,
  from_status TEXT,
  to_status TEXT NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX dataset_change_of ON dataset_change (dataset_uuid, seq);

CREATE TABLE dataset_file (
  dataset_uuid TEXT NOT NULL REFERENCES dataset (uuid) ON DELETE CASCADE,
  -- With its folders.
  name TEXT NOT NULL,
  job_id TEXT NOT NULL,
  uri TEXT NOT NULL,
  upload_id TEXT,
  source_type TEXT NOT NULL,
  source_path TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  sha256 TEXT,
  media_type TEXT,
  created_at INTEGER NOT NULL,
  -- Whether the rules have been asked about it, and the job that one of them made.
  ruled INTEGER NOT NULL,
  automatic_job TEXT,
  PRIMARY KEY (dataset_uuid, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX dataset_file_to_rule ON dataset_file (created_at) WHERE ruled = 0;

-- One upload of system E: its id is the job's, from before there is one.
CREATE TABLE portal_upload (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  user_email TEXT,
  source_type TEXT NOT NULL,
  -- Null until the upload is complete, and its job submitted.
  dataset_uuid TEXT,
  -- The upload session that its bytes come into.
  session TEXT,
  -- What was said at the beginning; JSON.
  request TEXT,
  total_bytes INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  -- How it ended, as far as the dataset has been told; and of which attempt.
  ended TEXT,
  settled TEXT,
  -- 0 once there is nothing more to tell.
  is_open INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX portal_upload_of_user ON portal_upload (user_email, owner, created_at);
CREATE INDEX portal_upload_of_dataset ON portal_upload (dataset_uuid) WHERE dataset_uuid IS NOT NULL;
CREATE UNIQUE INDEX portal_upload_session ON portal_upload (session) WHERE session IS NOT NULL;
CREATE INDEX portal_upload_open ON portal_upload (created_at) WHERE is_open = 1;

-- What rules made of completed uploads that are of no dataset. The row '' says since when there are rules.
CREATE TABLE automatic_job (
  upload_id TEXT PRIMARY KEY,
  job_id TEXT,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX upload_completed ON upload (completed_at) WHERE state = 'completed' AND job_id IS NULL;
