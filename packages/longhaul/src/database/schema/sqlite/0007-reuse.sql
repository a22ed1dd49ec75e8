-- What results were made from, so that the same request is answered with the result that is there. Times are epoch
-- milliseconds of the database's clock.
CREATE TABLE result_reuse (
  job_id TEXT PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE,
  owner TEXT NOT NULL,
  processor TEXT NOT NULL,
  -- How the submission looked for a result; null where it did not ask.
  asked TEXT CHECK (asked IN ('missed', 'forced', 'unknown', 'outputs-gone')),
  -- Of everything that the result follows from. Of the request, until the result is there; null where that cannot be told.
  fingerprint TEXT,
  -- The same as JSON, shortened: for people who ask what differed.
  identity TEXT,
  -- When the result was made; null until then.
  made_at INTEGER,
  reused INTEGER NOT NULL DEFAULT 0,
  reused_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX result_reuse_fingerprint ON result_reuse (owner, fingerprint) WHERE fingerprint IS NOT NULL;
CREATE INDEX result_reuse_made ON result_reuse (owner, processor, made_at) WHERE made_at IS NOT NULL;
