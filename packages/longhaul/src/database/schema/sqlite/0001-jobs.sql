-- The job engine's tables. Times are epoch milliseconds of the database's clock. JSON is text.

CREATE TABLE job (
  -- Order of submission, and what lists page by.
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  queue TEXT NOT NULL,
  processor TEXT NOT NULL,
  version TEXT NOT NULL,
  kind TEXT NOT NULL,
  owner TEXT NOT NULL,
  state TEXT NOT NULL CHECK
    (state IN ('queued', 'running', 'retry_wait', 'paused', 'completed', 'failed', 'cancelled')),
  priority INTEGER NOT NULL,
  -- Order of claiming: aging as virtual time (engine.md §5).
  rank_at INTEGER NOT NULL,
  run_after INTEGER NOT NULL,
  -- Set while the job waits for run_after; null once it may run as far as time goes.
  wake_at INTEGER,
  blocked_by INTEGER NOT NULL DEFAULT 0,
  params TEXT NOT NULL,
  idem_key TEXT,
  idem_hash TEXT,
  -- Goes up at every claim and never back: with the nonce it fences a zombie out.
  attempt INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  lost INTEGER NOT NULL DEFAULT 0,
  max_failures INTEGER NOT NULL,
  timeout_ms INTEGER,
  deadline_at INTEGER,
  lease_nonce TEXT,
  lease_worker TEXT,
  lease_expires_at INTEGER,
  -- When touch first answered 'cancel' or 'deadline': the lease is not prolonged for ever after it.
  stop_told_at INTEGER,
  cancel_requested_at INTEGER,
  event_no INTEGER NOT NULL DEFAULT 0,
  checkpoint TEXT,
  -- { result, outputs } of a publication that has begun and may be rolled forward.
  publishing TEXT,
  result TEXT,
  problem TEXT,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  completed_at INTEGER,
  updated_at INTEGER NOT NULL,
  -- A job cannot be running with nobody to answer for it.
  CHECK ((state = 'running') = (lease_nonce IS NOT NULL)),
  CHECK ((lease_nonce IS NULL) = (lease_worker IS NULL)),
  CHECK ((lease_nonce IS NULL) = (lease_expires_at IS NULL)),
  CHECK ((idem_key IS NULL) = (idem_hash IS NULL)),
  CHECK ((state IN ('completed', 'failed', 'cancelled')) = (completed_at IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX job_idempotency ON job (owner, idem_key) WHERE idem_key IS NOT NULL;
-- The head of a lane is the first row of its range.
CREATE INDEX job_ready ON job (queue, owner, rank_at, seq)
  WHERE state = 'queued' AND wake_at IS NULL AND blocked_by = 0 AND publishing IS NULL;
CREATE INDEX job_publish ON job (queue, seq) WHERE state = 'queued' AND publishing IS NOT NULL;
CREATE INDEX job_wake ON job (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX job_lease ON job (lease_expires_at) WHERE state = 'running';
CREATE INDEX job_worker ON job (lease_worker) WHERE state = 'running';
CREATE INDEX job_completed ON job (completed_at) WHERE completed_at IS NOT NULL;
-- Lists, newest first; one range per state (and kind), merged.
CREATE INDEX job_by_kind ON job (kind, state, seq);
CREATE INDEX job_by_owner ON job (owner, kind, state, seq);
CREATE INDEX job_by_processor ON job (processor, state, seq);
CREATE INDEX job_by_owner_processor ON job (owner, processor, state, seq);

CREATE TABLE attempt (
  job_id TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  n INTEGER NOT NULL,
  nonce TEXT NOT NULL,
  worker TEXT NOT NULL,
  outcome TEXT,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  problem TEXT,
  log_key TEXT,
  cpu_ms INTEGER,
  peak_rss INTEGER,
  PRIMARY KEY (job_id, n)
) STRICT, WITHOUT ROWID;

-- The rowid is the order of commits, by which other processes learn what changed.
CREATE TABLE job_event (
  feed INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  no INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  type TEXT NOT NULL,
  at INTEGER NOT NULL,
  data TEXT NOT NULL,
  UNIQUE (job_id, no)
) STRICT;

CREATE TABLE job_progress (
  job_id TEXT PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE,
  attempt INTEGER NOT NULL,
  data TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX job_progress_recent ON job_progress (updated_at);

-- One row per queue and owner. The counters follow every transition; `ready` of the queued can be claimed now.
CREATE TABLE lane (
  queue TEXT NOT NULL,
  owner TEXT NOT NULL,
  queued INTEGER NOT NULL DEFAULT 0 CHECK (queued >= 0),
  ready INTEGER NOT NULL DEFAULT 0 CHECK (ready >= 0),
  running INTEGER NOT NULL DEFAULT 0 CHECK (running >= 0),
  retry_wait INTEGER NOT NULL DEFAULT 0 CHECK (retry_wait >= 0),
  paused INTEGER NOT NULL DEFAULT 0 CHECK (paused >= 0),
  completed INTEGER NOT NULL DEFAULT 0 CHECK (completed >= 0),
  failed INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
  cancelled INTEGER NOT NULL DEFAULT 0 CHECK (cancelled >= 0),
  -- Never goes back, so that a stepping clock cannot turn the order of submission around.
  submit_clock INTEGER NOT NULL DEFAULT 0,
  -- Number of the queue's claim that served this lane last: breaks ties between lanes with as many running.
  served INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (queue, owner)
) STRICT, WITHOUT ROWID;
CREATE INDEX lane_turn ON lane (queue, running, served) WHERE ready > 0;
CREATE INDEX lane_owner ON lane (owner);

CREATE TABLE queue_state (
  queue TEXT PRIMARY KEY,
  queued INTEGER NOT NULL DEFAULT 0 CHECK (queued >= 0),
  running INTEGER NOT NULL DEFAULT 0 CHECK (running >= 0),
  claims INTEGER NOT NULL DEFAULT 0,
  max_running INTEGER,
  paused INTEGER NOT NULL DEFAULT 0,
  rate_per_minute REAL,
  tokens REAL NOT NULL DEFAULT 0,
  refilled_at INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE dependency (
  job_id TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  on_id TEXT NOT NULL,
  PRIMARY KEY (job_id, on_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX dependency_on ON dependency (on_id);

CREATE TABLE worker (
  id TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  pid INTEGER NOT NULL,
  slots INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Webhooks: what is to be told to others commits with what happened.
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  event_no INTEGER NOT NULL,
  url TEXT NOT NULL,
  body TEXT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL,
  delivered_at INTEGER
) STRICT;
CREATE INDEX outbox_job ON outbox (job_id);
CREATE INDEX outbox_due ON outbox (due_at) WHERE delivered_at IS NULL;
