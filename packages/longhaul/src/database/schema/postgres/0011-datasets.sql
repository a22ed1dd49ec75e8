-- Datasets, and the uploads that bring their files, as system E has them. Times are epoch milliseconds of the database's clock.

CREATE TABLE dataset (
  uuid text PRIMARY KEY,
  -- Five digits, until those are used up.
  number bigint NOT NULL UNIQUE,
  slug text NOT NULL UNIQUE,
  owner text NOT NULL,
  name text NOT NULL,
  -- What the client called its user; says nothing about who may see it.
  user_email text NOT NULL,
  sensor text NOT NULL,
  convert bigint NOT NULL,
  is_public bigint NOT NULL,
  is_public_downloadable bigint NOT NULL,
  folder text,
  team_uuid text,
  tags text NOT NULL,
  source_type text NOT NULL,
  source_path text,
  status text NOT NULL,
  error_message text,
  -- The upload that made it.
  job_id text NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  completed_at bigint
);
CREATE INDEX dataset_by_name ON dataset (name, owner);

-- Every change of a dataset's status.
CREATE TABLE dataset_change (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  dataset_uuid text NOT NULL REFERENCES dataset (uuid) ON DELETE CASCADE,
  from_status text,
  to_status text NOT NULL,
  reason text NOT NULL,
  at bigint NOT NULL
);
CREATE INDEX dataset_change_of ON dataset_change (dataset_uuid, seq);

CREATE TABLE dataset_file (
  dataset_uuid text NOT NULL REFERENCES dataset (uuid) ON DELETE CASCADE,
  -- With its folders.
  name text NOT NULL,
  job_id text NOT NULL,
  uri text NOT NULL,
  upload_id text,
  source_type text NOT NULL,
  source_path text NOT NULL,
  size_bytes bigint NOT NULL,
  sha256 text,
  media_type text,
  created_at bigint NOT NULL,
  -- Whether the rules have been asked about it, and the job that one of them made.
  ruled bigint NOT NULL,
  automatic_job text,
  PRIMARY KEY (dataset_uuid, name)
);
CREATE INDEX dataset_file_to_rule ON dataset_file (created_at) WHERE ruled = 0;

-- One upload of system E: its id is the job's, from before there is one.
CREATE TABLE portal_upload (
  id text PRIMARY KEY,
  owner text NOT NULL,
  user_email text,
  source_type text NOT NULL,
  -- Null until the upload is complete, and its job submitted.
  dataset_uuid text,
  -- The upload session that its bytes come into.
  session text,
  -- What was said at the beginning; JSON.
  request text,
  total_bytes bigint,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  -- How it ended, as far as the dataset has been told; and of which attempt.
  ended text,
  settled text,
  -- 0 once there is nothing more to tell.
  is_open bigint NOT NULL DEFAULT 1
);
CREATE INDEX portal_upload_of_user ON portal_upload (user_email, owner, created_at);
CREATE INDEX portal_upload_of_dataset ON portal_upload (dataset_uuid) WHERE dataset_uuid IS NOT NULL;
CREATE UNIQUE INDEX portal_upload_session ON portal_upload (session) WHERE session IS NOT NULL;
CREATE INDEX portal_upload_open ON portal_upload (created_at) WHERE is_open = 1;

-- What rules made of completed uploads that are of no dataset. The row '' says since when there are rules.
CREATE TABLE automatic_job (
  upload_id text PRIMARY KEY,
  job_id text,
  at bigint NOT NULL
);
CREATE INDEX upload_completed ON upload (completed_at) WHERE state = 'completed' AND job_id IS NULL;
