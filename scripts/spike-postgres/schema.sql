-- The part of the engine's tables that claim and settle touch, in PostgreSQL's words.
CREATE TABLE job (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL UNIQUE,
  queue text NOT NULL,
  owner text NOT NULL,
  state text NOT NULL,
  rank_at bigint NOT NULL,
  attempt integer NOT NULL DEFAULT 0,
  lease_nonce text,
  lease_worker text,
  lease_expires_at timestamptz,
  event_no integer NOT NULL DEFAULT 1,
  result jsonb,
  completed_at timestamptz,
  CHECK ((state = 'running') = (lease_nonce IS NOT NULL)),
  CHECK ((lease_nonce IS NULL) = (lease_expires_at IS NULL))
);
CREATE INDEX job_ready ON job (queue, owner, rank_at, seq) WHERE state = 'queued';
CREATE TABLE job_event (
  job_id text NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  no integer NOT NULL,
  attempt integer NOT NULL,
  type text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (job_id, no)
);
CREATE TABLE lane (
  queue text NOT NULL,
  owner text NOT NULL,
  ready integer NOT NULL DEFAULT 0 CHECK (ready >= 0),
  running integer NOT NULL DEFAULT 0 CHECK (running >= 0),
  served bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (queue, owner)
);
CREATE TABLE queue_state (
  queue text PRIMARY KEY,
  running integer NOT NULL DEFAULT 0 CHECK (running >= 0),
  claims bigint NOT NULL DEFAULT 0,
  max_running integer,
  paused boolean NOT NULL DEFAULT false
);
