-- Imports: what a job of kind upload knows of its source, besides what its own row may hold.

CREATE TABLE import (
  job_id text PRIMARY KEY,
  -- What of the source's configuration is secret, sealed; null where nothing is, and once the import has ended.
  sealed text,
  -- Tells which key sealed it, and nothing about the key.
  key_id text,
  -- Set once all its files are rows of import_file.
  listed integer NOT NULL DEFAULT 0
);
CREATE INDEX import_sealed ON import (job_id) WHERE sealed IS NOT NULL;

CREATE TABLE import_file (
  job_id text NOT NULL,
  -- From 0, in the order in which the source named them.
  position integer NOT NULL,
  -- What the source calls it.
  place text NOT NULL,
  name text NOT NULL,
  -- Null: the source does not say.
  size_bytes bigint,
  media_type text,
  -- Tells this version of the file from others; null where the source has nothing of the kind.
  version text,
  -- Whether parts of it can be asked for.
  ranged integer NOT NULL,
  md5 text,
  -- found: no byte of it yet. open: bytes go to the upload.
  state text NOT NULL CHECK (state IN ('found', 'open', 'done', 'failed')),
  upload_id text,
  -- The store's own id of that upload.
  store_upload_id text,
  uri text,
  sha256 text,
  error text,
  PRIMARY KEY (job_id, position)
);
CREATE INDEX import_file_open ON import_file (job_id) WHERE state = 'open';
