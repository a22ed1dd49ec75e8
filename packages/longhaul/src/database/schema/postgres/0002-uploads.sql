-- Upload sessions: one row is one file in a multipart upload of the store. An ingest is several that share a job id.
-- Times are epoch milliseconds of the database's clock.
CREATE TABLE upload (
  id text PRIMARY KEY,
  owner text NOT NULL,
  -- The job that the ingest becomes; null for an upload that starts no job.
  job_id text,
  processor text,
  -- Order within the ingest, which is the order of the job's files.
  position integer NOT NULL,
  filename text NOT NULL,
  key text NOT NULL UNIQUE,
  media_type text,
  size_bytes bigint NOT NULL,
  part_bytes bigint NOT NULL,
  -- Null until the store has begun it. The row comes first, so that no open upload is without one.
  store_upload_id text,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'completed', 'expired', 'aborted')),
  -- Set once what an expired or aborted session had in the store is gone.
  cleaned integer NOT NULL DEFAULT 0,
  etag text,
  sha256 text,
  -- Of the parts it was completed with; null when only the store knew.
  parts_digest text,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  completed_at bigint,
  -- When its ingest became a job.
  consumed_at bigint,
  CHECK (state <> 'completed' OR (etag IS NOT NULL AND completed_at IS NOT NULL))
);

CREATE INDEX upload_of_job ON upload (job_id, position) WHERE job_id IS NOT NULL;
CREATE INDEX upload_in_store ON upload (store_upload_id) WHERE store_upload_id IS NOT NULL;
CREATE INDEX upload_to_expire ON upload (expires_at) WHERE state = 'open';
CREATE INDEX upload_to_clean ON upload (id) WHERE state IN ('expired', 'aborted') AND cleaned = 0;
CREATE INDEX upload_to_forget ON upload (expires_at) WHERE cleaned = 1;
