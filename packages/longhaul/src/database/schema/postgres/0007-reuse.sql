-- What results were made from, so that the same request is answered with the result that is there. Times are epoch
-- milliseconds of the database's clock.
CREATE TABLE result_reuse (
  job_id text PRIMARY KEY,
  owner text NOT NULL,
  processor text NOT NULL,
  -- How the submission looked for a result; null where it did not ask.
  asked text CHECK (asked IN ('missed', 'forced', 'unknown', 'outputs-gone')),
  -- Of everything that the result follows from. Of the request, until the result is there; null where that cannot be told.
  fingerprint text,
  -- The same as JSON, shortened: for people who ask what differed.
  identity text,
  -- When the result was made; null until then.
  made_at bigint,
  reused integer NOT NULL DEFAULT 0,
  reused_at bigint
);

CREATE INDEX result_reuse_fingerprint ON result_reuse (owner, fingerprint) WHERE fingerprint IS NOT NULL;
CREATE INDEX result_reuse_made ON result_reuse (owner, processor, made_at) WHERE made_at IS NOT NULL;
