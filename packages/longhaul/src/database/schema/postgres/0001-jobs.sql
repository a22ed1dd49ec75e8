-- The job engine's tables, as schema/sqlite has them. Times are epoch milliseconds of the database's clock. JSON is text:
-- it is read and written whole, and text takes every string that JSON can hold (jsonb refuses \u0000).

CREATE TABLE job (
  -- Order of submission, and what lists page by.
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL UNIQUE,
  queue text NOT NULL,
  processor text NOT NULL,
  version text NOT NULL,
  kind text NOT NULL,
  owner text NOT NULL,
  state text NOT NULL CHECK
    (state IN ('queued', 'running', 'retry_wait', 'paused', 'completed', 'failed', 'cancelled')),
  priority integer NOT NULL,
  -- Order of claiming: aging as virtual time (engine.md §5).
  rank_at bigint NOT NULL,
  run_after bigint NOT NULL,
  -- Set while the job waits for run_after; null once it may run as far as time goes.
  wake_at bigint,
  blocked_by integer NOT NULL DEFAULT 0,
  params text NOT NULL,
  idem_key text,
  idem_hash text,
  -- Goes up at every claim and never back: with the nonce it fences a zombie out.
  attempt integer NOT NULL DEFAULT 0,
  failures integer NOT NULL DEFAULT 0,
  lost integer NOT NULL DEFAULT 0,
  max_failures integer NOT NULL,
  timeout_ms bigint,
  deadline_at bigint,
  lease_nonce text,
  lease_worker text,
  lease_expires_at bigint,
  -- When touch first answered 'cancel' or 'deadline': the lease is not prolonged for ever after it.
  stop_told_at bigint,
  cancel_requested_at bigint,
  event_no integer NOT NULL DEFAULT 0,
  checkpoint text,
  -- { result, outputs } of a publication that has begun and may be rolled forward.
  publishing text,
  result text,
  problem text,
  created_at bigint NOT NULL,
  started_at bigint,
  completed_at bigint,
  updated_at bigint NOT NULL,
  -- A job cannot be running with nobody to answer for it.
  CHECK ((state = 'running') = (lease_nonce IS NOT NULL)),
  CHECK ((lease_nonce IS NULL) = (lease_worker IS NULL)),
  CHECK ((lease_nonce IS NULL) = (lease_expires_at IS NULL)),
  CHECK ((idem_key IS NULL) = (idem_hash IS NULL)),
  CHECK ((state IN ('completed', 'failed', 'cancelled')) = (completed_at IS NOT NULL))
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);

CREATE UNIQUE INDEX job_idempotency ON job (owner, idem_key) WHERE idem_key IS NOT NULL;
-- The head of a lane is the first row of its range.
CREATE INDEX job_ready ON job (queue, owner, rank_at, seq)
  WHERE state = 'queued' AND wake_at IS NULL AND blocked_by = 0 AND publishing IS NULL;
CREATE INDEX job_publish ON job (queue, seq) WHERE state = 'queued' AND publishing IS NOT NULL;
CREATE INDEX job_wake ON job (wake_at) WHERE wake_at IS NOT NULL;
-- No column that a touch changes: running jobs are as few as there are slots, and a touch stays a HOT update.
CREATE INDEX job_running ON job (lease_worker) WHERE state = 'running';
CREATE INDEX job_completed ON job (completed_at) WHERE completed_at IS NOT NULL;
-- Lists, newest first; one range per state (and kind), merged.
CREATE INDEX job_by_kind ON job (kind, state, seq);
CREATE INDEX job_by_owner ON job (owner, kind, state, seq);
CREATE INDEX job_by_processor ON job (processor, state, seq);
CREATE INDEX job_by_owner_processor ON job (owner, processor, state, seq);

-- What belongs to a job is written by the engine alone, under the lock of the job's row, and deleted with it. A foreign key
-- would look the job up once more for every row.
CREATE TABLE attempt (
  job_id text NOT NULL,
  n integer NOT NULL,
  nonce text NOT NULL,
  worker text NOT NULL,
  outcome text,
  started_at bigint NOT NULL,
  ended_at bigint,
  problem text,
  log_key text,
  cpu_ms bigint,
  peak_rss bigint,
  PRIMARY KEY (job_id, n)
) WITH (fillfactor = 85);

CREATE TABLE job_event (
  job_id text NOT NULL,
  no integer NOT NULL,
  attempt integer NOT NULL,
  type text NOT NULL,
  at bigint NOT NULL,
  data text NOT NULL,
  PRIMARY KEY (job_id, no)
);

-- Newest only, and worth nothing after a crash of the server: not logged.
CREATE UNLOGGED TABLE job_progress (
  job_id text PRIMARY KEY,
  attempt integer NOT NULL,
  data text NOT NULL,
  updated_at bigint NOT NULL
) WITH (fillfactor = 50);

-- One row per queue and owner. The counters follow every transition; `ready` of the queued can be claimed now.
CREATE TABLE lane (
  queue text NOT NULL,
  owner text NOT NULL,
  queued integer NOT NULL DEFAULT 0 CHECK (queued >= 0),
  ready integer NOT NULL DEFAULT 0 CHECK (ready >= 0),
  running integer NOT NULL DEFAULT 0 CHECK (running >= 0),
  retry_wait integer NOT NULL DEFAULT 0 CHECK (retry_wait >= 0),
  paused integer NOT NULL DEFAULT 0 CHECK (paused >= 0),
  completed integer NOT NULL DEFAULT 0 CHECK (completed >= 0),
  failed integer NOT NULL DEFAULT 0 CHECK (failed >= 0),
  cancelled integer NOT NULL DEFAULT 0 CHECK (cancelled >= 0),
  -- Never goes back, so that a stepping clock cannot turn the order of submission around.
  submit_clock bigint NOT NULL DEFAULT 0,
  -- Number of the queue's claim that served this lane last: breaks ties between lanes with as many running.
  served bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (queue, owner)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0.1);
CREATE INDEX lane_turn ON lane (queue, running, served) WHERE ready > 0;
CREATE INDEX lane_owner ON lane (owner);

CREATE TABLE queue_state (
  queue text PRIMARY KEY,
  queued integer NOT NULL DEFAULT 0 CHECK (queued >= 0),
  running integer NOT NULL DEFAULT 0 CHECK (running >= 0),
  claims bigint NOT NULL DEFAULT 0,
  max_running integer,
  paused boolean NOT NULL DEFAULT false,
  rate_per_minute double precision,
  tokens double precision NOT NULL DEFAULT 0,
  refilled_at bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0.1);

CREATE TABLE dependency (
  job_id text NOT NULL,
  on_id text NOT NULL,
  PRIMARY KEY (job_id, on_id)
);
CREATE INDEX dependency_on ON dependency (on_id);

CREATE TABLE worker (
  id text PRIMARY KEY,
  host text NOT NULL,
  boot_id text NOT NULL,
  pid integer NOT NULL,
  slots integer NOT NULL,
  started_at bigint NOT NULL,
  seen_at bigint NOT NULL
) WITH (fillfactor = 50);

-- Webhooks: what is to be told to others commits with what happened.
CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id text NOT NULL,
  event_no integer NOT NULL,
  url text NOT NULL,
  body text NOT NULL,
  tries integer NOT NULL DEFAULT 0,
  due_at bigint NOT NULL,
  delivered_at bigint
);
CREATE INDEX outbox_job ON outbox (job_id);
CREATE INDEX outbox_due ON outbox (due_at) WHERE delivered_at IS NULL;
