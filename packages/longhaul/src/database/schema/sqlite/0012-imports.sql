-- Imports: what a job of kind upload knows of its source, besides what its own row may hold.

CREATE TABLE import (
  job_id TEXT PRIMARY KEY,
  -- What of the source's configuration is secret, sealed; null where nothing is, and once the import has ended.
  sealed TEXT,
  -- Tells which key sealed it, and nothing about the key.
  key_id TEXT,
  -- Set once all its files are rows of import_file.
  listed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX import_sealed ON import (job_id) WHERE sealed IS NOT NULL;

CREATE TABLE import_file (
  job_id TEXT NOT NULL,
  -- From 0, in the order in which the source named them.
  position INTEGER NOT NULL,
  -- What the source calls it.
  place TEXT NOT NULL,
  name TEXT NOT NULL,
  -- Null: the source does not say.
  size_bytes INTEGER,
  media_type TEXT,
  -- Tells this version of the file from others; null where the source has nothing of the kind.
  version TEXT,
  -- Whether parts of it can be asked for.
  ranged INTEGER NOT NULL,
  md5 TEXT,
  -- found: no byte of it yet. open: bytes go to the upload.
  state TEXT NOT NULL CHECK (state IN ('found', 'open', 'done', 'failed')),
  upload_id TEXT,
  -- The store's own id of that upload.
  store_upload_id TEXT,
  uri TEXT,
  sha256 TEXT,
  error TEXT,
  PRIMARY KEY (job_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX import_file_open ON import_file (job_id) WHERE state = 'open';
