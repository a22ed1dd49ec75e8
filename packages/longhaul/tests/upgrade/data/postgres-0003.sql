CREATE TABLE migration (no integer PRIMARY KEY, name text NOT NULL, applied_at bigint NOT NULL);
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

-- Keys of the API. The secret itself is shown once, when the key is made; here lies only its SHA-256.
CREATE TABLE api_key (
  id text PRIMARY KEY,
  secret_sha256 text NOT NULL,
  owner text NOT NULL,
  note text NOT NULL,
  scopes text NOT NULL,
  created_at bigint NOT NULL DEFAULT ((extract(epoch FROM clock_timestamp()) * 1000)::bigint),
  revoked_at bigint
);

INSERT INTO migration (no, name, applied_at) OVERRIDING SYSTEM VALUE VALUES (1, '0001-jobs.sql', 1795421948278);
INSERT INTO migration (no, name, applied_at) OVERRIDING SYSTEM VALUE VALUES (2, '0002-uploads.sql', 1795421948278);
INSERT INTO migration (no, name, applied_at) OVERRIDING SYSTEM VALUE VALUES (3, '0003-keys.sql', 1795421948278);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) OVERRIDING SYSTEM VALUE VALUES (1, 'batch-of-ingest', 'measure', 'measure', '1.0', 'batch', 'ana', 'queued', 2, 1795422848330, 1795421948330, NULL, 0, '{"input":{},"manifest":{"files":["s3://stateful-microservice/datasets/batch-of-ingest/ingested.txt"]}}', NULL, NULL, 0, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, 1795421948330, NULL, NULL, 1795421948330);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) OVERRIDING SYSTEM VALUE VALUES (2, 'completed', 'queue-completed', 'shout', '1.0', 'processor', 'ana', 'completed', 1, 1795421948336, 1795421948336, NULL, 0, '{"input":{"text":"completed"}}', 'once', 'h1', 1, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 5, NULL, NULL, '{"value":{"text":"DONE"},"outputs":[{"field":"text","name":"a.txt","key":"results/completed/a.txt","uri":"s3://stateful-microservice/results/completed/a.txt","size":4,"sha256":"283e91eb85d58ffc2ad922884b644c41b54140660f6d1fda3c403d543eedd839","mediaType":"text/plain"}]}', NULL, 1795421948336, 1795421948337, 1795421948340, 1795421948340);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) OVERRIDING SYSTEM VALUE VALUES (3, 'completed-of-bob', 'queue-completed-of-bob', 'shout', '1.0', 'processor', 'bob', 'completed', 2, 1795422848341, 1795421948341, NULL, 0, '{"input":{"text":"completed-of-bob"}}', NULL, NULL, 1, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 5, NULL, NULL, '{"value":1,"outputs":[]}', NULL, 1795421948341, 1795421948342, 1795421948344, 1795421948344);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) OVERRIDING SYSTEM VALUE VALUES (4, 'failed', 'queue-failed', 'shout', '1.0', 'processor', 'ana', 'failed', 2, 1795422848345, 1795421948345, NULL, 0, '{"input":{"text":"failed"}}', NULL, NULL, 1, 1, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 5, NULL, NULL, NULL, '{"type":"/problems/transient","title":"The processor failed","status":500,"detail":"it did not work this time","code":"transient"}', 1795421948345, 1795421948345, 1795421948347, 1795421948347);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) OVERRIDING SYSTEM VALUE VALUES (5, 'retry-wait', 'shout', 'shout', '1.0', 'processor', 'ana', 'retry_wait', 2, 1795422908351, 1795422008351, 1795422008351, 0, '{"input":{"text":"retry-wait"}}', NULL, NULL, 1, 1, 0, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 5, NULL, NULL, NULL, NULL, 1795421948348, 1795421948349, NULL, 1795421948351);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) OVERRIDING SYSTEM VALUE VALUES (6, 'cancelled', 'queue-cancelled', 'shout', '1.0', 'processor', 'bob', 'cancelled', 2, 1795422848351, 1795421948351, NULL, 0, '{"input":{"text":"cancelled"}}', NULL, NULL, 1, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 5, NULL, NULL, NULL, NULL, 1795421948351, 1795421948352, 1795421948354, 1795421948354);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) OVERRIDING SYSTEM VALUE VALUES (7, 'publishing', 'shout', 'shout', '1.0', 'processor', 'ana', 'running', 2, 1795422848358, 1795421948358, NULL, 0, '{"input":{"text":"publishing"}}', NULL, NULL, 1, 0, 0, 1, NULL, NULL, 'Cnta4ktFI8PqMflO', 'w-old', 1795421978373, NULL, NULL, 5, NULL, '{"result":{"text":"P"},"outputs":[{"name":"text.txt","key":"results/publishing/text.txt","uri":"s3://stateful-microservice/results/publishing/text.txt","size":9,"sha256":"9466f57050053c595fb5b7a8ad1767dbecca63033f5a69db97268f640f6cd648","mediaType":"text/plain","uploadId":"07d78348bab832cefa466763d0ed6c9c","parts":[{"partNumber":1,"etag":"\"9466f57050053c595fb5b7a8ad1767dbecca63033f5a69db97268f640f6cd648\"","size":9,"sha256":"9466f57050053c595fb5b7a8ad1767dbecca63033f5a69db97268f640f6cd648"}]}]}', NULL, NULL, 1795421948358, 1795421948359, NULL, 1795421948373);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) OVERRIDING SYSTEM VALUE VALUES (8, 'running', 'shout', 'shout', '1.0', 'processor', 'ana', 'running', 2, 1795422848374, 1795421948374, NULL, 0, '{"input":{"text":"running"}}', NULL, NULL, 1, 0, 0, 1, NULL, NULL, 'nBWLq4Opyb8WpegH', 'w-old', 1795421978375, NULL, NULL, 2, NULL, NULL, NULL, NULL, 1795421948374, 1795421948375, NULL, 1795421948375);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) OVERRIDING SYSTEM VALUE VALUES (9, 'running-cancel-requested', 'shout', 'shout', '1.0', 'processor', 'ana', 'running', 2, 1795422848376, 1795421948376, NULL, 0, '{"input":{"text":"running-cancel-requested"}}', NULL, NULL, 1, 0, 0, 1, NULL, NULL, 'Rj0fT9rgLQDC5vuT', 'w-old', 1795421978377, NULL, 1795421948377, 3, NULL, NULL, NULL, NULL, 1795421948376, 1795421948377, NULL, 1795421948377);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) OVERRIDING SYSTEM VALUE VALUES (10, 'queued', 'shout', 'shout', '1.0', 'processor', 'ana', 'queued', 2, 1795422848379, 1795421948379, NULL, 0, '{"input":{"text":"queued"}}', NULL, NULL, 0, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, 1795421948379, NULL, NULL, 1795421948379);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) OVERRIDING SYSTEM VALUE VALUES (11, 'queued-last', 'shout', 'shout', '1.0', 'processor', 'ana', 'queued', 3, 1795423748379, 1795421948379, NULL, 0, '{"input":{"text":"queued-last"}}', NULL, NULL, 0, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, 1795421948379, NULL, NULL, 1795421948379);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) OVERRIDING SYSTEM VALUE VALUES (12, 'queued-of-bob', 'shout', 'shout', '1.0', 'processor', 'bob', 'queued', 2, 1795422848379, 1795421948379, NULL, 0, '{"input":{"text":"queued-of-bob"}}', NULL, NULL, 0, 0, 0, 2, 60000, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, 1795421948379, NULL, NULL, 1795421948379);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) OVERRIDING SYSTEM VALUE VALUES (13, 'queued-later', 'shout', 'shout', '1.0', 'processor', 'ana', 'queued', 2, 1795422908379, 1795422008379, 1795422008379, 0, '{"input":{"text":"queued-later"}}', NULL, NULL, 0, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, 1795421948379, NULL, NULL, 1795421948379);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) OVERRIDING SYSTEM VALUE VALUES (14, 'queued-in-a-paused-queue', 'held', 'shout', '1.0', 'processor', 'ana', 'queued', 2, 1795422848379, 1795421948379, NULL, 0, '{"input":{"text":"queued-in-a-paused-queue"}}', NULL, NULL, 0, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, 1795421948379, NULL, NULL, 1795421948379);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) OVERRIDING SYSTEM VALUE VALUES (15, 'queued-with-a-file', 'measure', 'measure', '1.0', 'processor', 'ana', 'queued', 2, 1795422848379, 1795421948379, NULL, 0, '{"input":{"files":[{"uri":"s3://stateful-microservice/datasets/bc1caa7a-9e3d-48a0-a0f9-7b34decb9559/whole.txt","name":"whole.txt","size":6,"sha256":"b640e840b19d378660b32fb51ae18d67dccb4a8596a29e7bd72c1b2ae5928f41"}]}}', NULL, NULL, 0, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, 1795421948379, NULL, NULL, 1795421948379);
INSERT INTO attempt (job_id, n, nonce, worker, outcome, started_at, ended_at, problem, log_key, cpu_ms, peak_rss) OVERRIDING SYSTEM VALUE VALUES ('cancelled', 1, 'O1M-Sv_yIf0hPy88', 'w-old', 'cancelled', 1795421948352, 1795421948354, NULL, 'k', 7, 1000000);
INSERT INTO attempt (job_id, n, nonce, worker, outcome, started_at, ended_at, problem, log_key, cpu_ms, peak_rss) OVERRIDING SYSTEM VALUE VALUES ('completed', 1, 'CmO09HJdTDeFsj80', 'w-old', 'completed', 1795421948337, 1795421948340, NULL, 'k', 7, 1000000);
INSERT INTO attempt (job_id, n, nonce, worker, outcome, started_at, ended_at, problem, log_key, cpu_ms, peak_rss) OVERRIDING SYSTEM VALUE VALUES ('completed-of-bob', 1, 'liVsCZjk_3KwBOAP', 'w-old', 'completed', 1795421948342, 1795421948344, NULL, 'k', 7, 1000000);
INSERT INTO attempt (job_id, n, nonce, worker, outcome, started_at, ended_at, problem, log_key, cpu_ms, peak_rss) OVERRIDING SYSTEM VALUE VALUES ('failed', 1, 'KphrkkQS3rNlg-tn', 'w-old', 'failed', 1795421948345, 1795421948347, '{"type":"/problems/transient","title":"The processor failed","status":500,"detail":"it did not work this time","code":"transient"}', 'k', 7, 1000000);
INSERT INTO attempt (job_id, n, nonce, worker, outcome, started_at, ended_at, problem, log_key, cpu_ms, peak_rss) OVERRIDING SYSTEM VALUE VALUES ('publishing', 1, 'Cnta4ktFI8PqMflO', 'w-old', 'publishing', 1795421948359, NULL, NULL, 'k', 7, 1000000);
INSERT INTO attempt (job_id, n, nonce, worker, outcome, started_at, ended_at, problem, log_key, cpu_ms, peak_rss) OVERRIDING SYSTEM VALUE VALUES ('retry-wait', 1, 'z07esm49ihDIi89w', 'w-old', 'failed', 1795421948349, 1795421948351, '{"type":"/problems/transient","title":"The processor failed","status":500,"detail":"it did not work this time","code":"transient"}', 'k', 7, 1000000);
INSERT INTO attempt (job_id, n, nonce, worker, outcome, started_at, ended_at, problem, log_key, cpu_ms, peak_rss) OVERRIDING SYSTEM VALUE VALUES ('running', 1, 'nBWLq4Opyb8WpegH', 'w-old', NULL, 1795421948375, NULL, NULL, NULL, NULL, NULL);
INSERT INTO attempt (job_id, n, nonce, worker, outcome, started_at, ended_at, problem, log_key, cpu_ms, peak_rss) OVERRIDING SYSTEM VALUE VALUES ('running-cancel-requested', 1, 'Rj0fT9rgLQDC5vuT', 'w-old', NULL, 1795421948377, NULL, NULL, NULL, NULL, NULL);
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('batch-of-ingest', 1, 0, 'queued', 1795421948330, '{}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('completed', 1, 0, 'queued', 1795421948336, '{}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('completed', 2, 1, 'started', 1795421948337, '{"worker":"w-old","resume":"run"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('completed', 3, 1, 'message', 1795421948340, '{"text":"half way"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('completed', 4, 1, 'output', 1795421948340, '{"name":"a.txt"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('completed', 5, 1, 'completed', 1795421948340, '{"outputs":1}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('completed-of-bob', 1, 0, 'queued', 1795421948341, '{}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('completed-of-bob', 2, 1, 'started', 1795421948342, '{"worker":"w-old","resume":"run"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('completed-of-bob', 3, 1, 'message', 1795421948344, '{"text":"half way"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('completed-of-bob', 4, 1, 'output', 1795421948344, '{"name":"a.txt"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('completed-of-bob', 5, 1, 'completed', 1795421948344, '{"outputs":0}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('failed', 1, 0, 'queued', 1795421948345, '{}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('failed', 2, 1, 'started', 1795421948345, '{"worker":"w-old","resume":"run"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('failed', 3, 1, 'message', 1795421948347, '{"text":"half way"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('failed', 4, 1, 'output', 1795421948347, '{"name":"a.txt"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('failed', 5, 1, 'failed', 1795421948347, '{"problem":{"type":"/problems/transient","title":"The processor failed","status":500,"detail":"it did not work this time","code":"transient"}}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('retry-wait', 1, 0, 'queued', 1795421948348, '{}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('retry-wait', 2, 1, 'started', 1795421948349, '{"worker":"w-old","resume":"run"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('retry-wait', 3, 1, 'message', 1795421948350, '{"text":"half way"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('retry-wait', 4, 1, 'output', 1795421948350, '{"name":"a.txt"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('retry-wait', 5, 1, 'retry_wait', 1795421948351, '{"problem":{"type":"/problems/transient","title":"The processor failed","status":500,"detail":"it did not work this time","code":"transient"},"run_after":1795422008351}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('cancelled', 1, 0, 'queued', 1795421948351, '{}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('cancelled', 2, 1, 'started', 1795421948352, '{"worker":"w-old","resume":"run"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('cancelled', 3, 1, 'message', 1795421948353, '{"text":"half way"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('cancelled', 4, 1, 'output', 1795421948353, '{"name":"a.txt"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('cancelled', 5, 1, 'cancelled', 1795421948354, '{}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('publishing', 1, 0, 'queued', 1795421948358, '{}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('publishing', 2, 1, 'started', 1795421948359, '{"worker":"w-old","resume":"run"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('publishing', 3, 1, 'message', 1795421948372, '{"text":"half way"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('publishing', 4, 1, 'output', 1795421948372, '{"name":"a.txt"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('publishing', 5, 1, 'publishing', 1795421948373, '{"outputs":1}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('running', 1, 0, 'queued', 1795421948374, '{}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('running', 2, 1, 'started', 1795421948375, '{"worker":"w-old","resume":"run"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('running-cancel-requested', 1, 0, 'queued', 1795421948376, '{}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('running-cancel-requested', 2, 1, 'started', 1795421948377, '{"worker":"w-old","resume":"run"}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('running-cancel-requested', 3, 1, 'cancel_requested', 1795421948377, '{}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('queued', 1, 0, 'queued', 1795421948379, '{}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('queued-last', 1, 0, 'queued', 1795421948379, '{}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('queued-of-bob', 1, 0, 'queued', 1795421948379, '{}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('queued-later', 1, 0, 'queued', 1795421948379, '{}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('queued-in-a-paused-queue', 1, 0, 'queued', 1795421948379, '{}');
INSERT INTO job_event (job_id, no, attempt, type, at, data) OVERRIDING SYSTEM VALUE VALUES ('queued-with-a-file', 1, 0, 'queued', 1795421948379, '{}');
INSERT INTO job_progress (job_id, attempt, data, updated_at) OVERRIDING SYSTEM VALUE VALUES ('cancelled', 1, '{"stage":"shouting","percent":50,"done":1,"total":2}', 1795421948353);
INSERT INTO job_progress (job_id, attempt, data, updated_at) OVERRIDING SYSTEM VALUE VALUES ('completed', 1, '{"stage":"shouting","percent":50,"done":1,"total":2}', 1795421948339);
INSERT INTO job_progress (job_id, attempt, data, updated_at) OVERRIDING SYSTEM VALUE VALUES ('completed-of-bob', 1, '{"stage":"shouting","percent":50,"done":1,"total":2}', 1795421948343);
INSERT INTO job_progress (job_id, attempt, data, updated_at) OVERRIDING SYSTEM VALUE VALUES ('failed', 1, '{"stage":"shouting","percent":50,"done":1,"total":2}', 1795421948346);
INSERT INTO job_progress (job_id, attempt, data, updated_at) OVERRIDING SYSTEM VALUE VALUES ('publishing', 1, '{"stage":"shouting","percent":50,"done":1,"total":2}', 1795421948360);
INSERT INTO job_progress (job_id, attempt, data, updated_at) OVERRIDING SYSTEM VALUE VALUES ('retry-wait', 1, '{"stage":"shouting","percent":50,"done":1,"total":2}', 1795421948350);
INSERT INTO lane (queue, owner, queued, ready, running, retry_wait, paused, completed, failed, cancelled, submit_clock, served) OVERRIDING SYSTEM VALUE VALUES ('held', 'ana', 1, 1, 0, 0, 0, 0, 0, 0, 1795421948379, 0);
INSERT INTO lane (queue, owner, queued, ready, running, retry_wait, paused, completed, failed, cancelled, submit_clock, served) OVERRIDING SYSTEM VALUE VALUES ('measure', 'ana', 2, 2, 0, 0, 0, 0, 0, 0, 1795421948379, 0);
INSERT INTO lane (queue, owner, queued, ready, running, retry_wait, paused, completed, failed, cancelled, submit_clock, served) OVERRIDING SYSTEM VALUE VALUES ('queue-cancelled', 'bob', 0, 0, 0, 0, 0, 0, 0, 1, 1795421948351, 1);
INSERT INTO lane (queue, owner, queued, ready, running, retry_wait, paused, completed, failed, cancelled, submit_clock, served) OVERRIDING SYSTEM VALUE VALUES ('queue-completed', 'ana', 0, 0, 0, 0, 0, 1, 0, 0, 1795421948336, 1);
INSERT INTO lane (queue, owner, queued, ready, running, retry_wait, paused, completed, failed, cancelled, submit_clock, served) OVERRIDING SYSTEM VALUE VALUES ('queue-completed-of-bob', 'bob', 0, 0, 0, 0, 0, 1, 0, 0, 1795421948341, 1);
INSERT INTO lane (queue, owner, queued, ready, running, retry_wait, paused, completed, failed, cancelled, submit_clock, served) OVERRIDING SYSTEM VALUE VALUES ('queue-failed', 'ana', 0, 0, 0, 0, 0, 0, 1, 0, 1795421948345, 1);
INSERT INTO lane (queue, owner, queued, ready, running, retry_wait, paused, completed, failed, cancelled, submit_clock, served) OVERRIDING SYSTEM VALUE VALUES ('shout', 'ana', 3, 2, 3, 1, 0, 0, 0, 0, 1795421948379, 4);
INSERT INTO lane (queue, owner, queued, ready, running, retry_wait, paused, completed, failed, cancelled, submit_clock, served) OVERRIDING SYSTEM VALUE VALUES ('shout', 'bob', 1, 1, 0, 0, 0, 0, 0, 0, 1795421948379, 0);
INSERT INTO queue_state (queue, queued, running, claims, max_running, paused, rate_per_minute, tokens, refilled_at) OVERRIDING SYSTEM VALUE VALUES ('held', 1, 0, 0, NULL, true, NULL, 0.0, 0);
INSERT INTO queue_state (queue, queued, running, claims, max_running, paused, rate_per_minute, tokens, refilled_at) OVERRIDING SYSTEM VALUE VALUES ('measure', 2, 0, 0, NULL, false, NULL, 0.0, 0);
INSERT INTO queue_state (queue, queued, running, claims, max_running, paused, rate_per_minute, tokens, refilled_at) OVERRIDING SYSTEM VALUE VALUES ('queue-cancelled', 0, 0, 1, NULL, false, NULL, 0.0, 0);
INSERT INTO queue_state (queue, queued, running, claims, max_running, paused, rate_per_minute, tokens, refilled_at) OVERRIDING SYSTEM VALUE VALUES ('queue-completed', 0, 0, 1, NULL, false, NULL, 0.0, 0);
INSERT INTO queue_state (queue, queued, running, claims, max_running, paused, rate_per_minute, tokens, refilled_at) OVERRIDING SYSTEM VALUE VALUES ('queue-completed-of-bob', 0, 0, 1, NULL, false, NULL, 0.0, 0);
INSERT INTO queue_state (queue, queued, running, claims, max_running, paused, rate_per_minute, tokens, refilled_at) OVERRIDING SYSTEM VALUE VALUES ('queue-failed', 0, 0, 1, NULL, false, NULL, 0.0, 0);
INSERT INTO queue_state (queue, queued, running, claims, max_running, paused, rate_per_minute, tokens, refilled_at) OVERRIDING SYSTEM VALUE VALUES ('shout', 4, 3, 4, 4, false, 6000.0, 0.0, 0);
INSERT INTO worker (id, host, boot_id, pid, slots, started_at, seen_at) OVERRIDING SYSTEM VALUE VALUES ('w-old', 'old-host', 'boot', 4711, 9, 1795421948337, 1795421948377);
INSERT INTO upload (id, owner, job_id, processor, position, filename, key, media_type, size_bytes, part_bytes, store_upload_id, state, cleaned, etag, sha256, parts_digest, created_at, expires_at, completed_at, consumed_at) OVERRIDING SYSTEM VALUE VALUES ('0205b6eb-0d45-48e3-a1f4-dd5ef5ad63a1', 'ana', 'batch-of-ingest', 'measure', 0, 'ingested.txt', 'datasets/batch-of-ingest/ingested.txt', NULL, 6, 5242880, 'dd2153fe45b8510932bd9f52899e9dba', 'completed', 0, '"6eb7f2ea8ffbb37f44d41bdc3382d193c3de752f89d5bafe7b85afc93a65c32b"', '6eb7f2ea8ffbb37f44d41bdc3382d193c3de752f89d5bafe7b85afc93a65c32b', '785fa11d7e58296209e49787ecd3282793538c94c68a414039911fb1822ef317', 1795421948320, 1795421949320, 1795421948329, 1795421948331);
INSERT INTO upload (id, owner, job_id, processor, position, filename, key, media_type, size_bytes, part_bytes, store_upload_id, state, cleaned, etag, sha256, parts_digest, created_at, expires_at, completed_at, consumed_at) OVERRIDING SYSTEM VALUE VALUES ('076bfa36-5a2e-4177-b9ba-6d39d941b3b0', 'ana', NULL, NULL, 0, 'half.txt', 'datasets/076bfa36-5a2e-4177-b9ba-6d39d941b3b0/half.txt', NULL, 6, 5242880, 'a16ed35cc6dba7f64fb9f72a27e05ca0', 'expired', 1, NULL, NULL, NULL, 1795421948311, 1795421949311, NULL, NULL);
INSERT INTO upload (id, owner, job_id, processor, position, filename, key, media_type, size_bytes, part_bytes, store_upload_id, state, cleaned, etag, sha256, parts_digest, created_at, expires_at, completed_at, consumed_at) OVERRIDING SYSTEM VALUE VALUES ('657bd324-f7b0-4685-ab14-8893c46cf0cb', 'ana', NULL, NULL, 0, 'open.txt', 'datasets/657bd324-f7b0-4685-ab14-8893c46cf0cb/open.txt', NULL, 6, 5242880, '46e9399949b13d4e3a9f66603226b473', 'open', 0, NULL, NULL, NULL, 1795421949487, 1795421950487, NULL, NULL);
INSERT INTO upload (id, owner, job_id, processor, position, filename, key, media_type, size_bytes, part_bytes, store_upload_id, state, cleaned, etag, sha256, parts_digest, created_at, expires_at, completed_at, consumed_at) OVERRIDING SYSTEM VALUE VALUES ('b80eccc2-65fc-41fb-9214-222f4544fab3', 'ana', NULL, NULL, 0, 'aborted.txt', 'datasets/b80eccc2-65fc-41fb-9214-222f4544fab3/aborted.txt', NULL, 6, 5242880, 'dadab9415edf9bdfeeadddbb988f5405', 'aborted', 1, NULL, NULL, NULL, 1795421948315, 1795421949315, NULL, NULL);
INSERT INTO upload (id, owner, job_id, processor, position, filename, key, media_type, size_bytes, part_bytes, store_upload_id, state, cleaned, etag, sha256, parts_digest, created_at, expires_at, completed_at, consumed_at) OVERRIDING SYSTEM VALUE VALUES ('bc1caa7a-9e3d-48a0-a0f9-7b34decb9559', 'ana', NULL, NULL, 0, 'whole.txt', 'datasets/bc1caa7a-9e3d-48a0-a0f9-7b34decb9559/whole.txt', NULL, 6, 5242880, 'b90c94de8276e3c062af9d9c3884ded0', 'completed', 0, '"b640e840b19d378660b32fb51ae18d67dccb4a8596a29e7bd72c1b2ae5928f41"', 'b640e840b19d378660b32fb51ae18d67dccb4a8596a29e7bd72c1b2ae5928f41', '6b3a94f21f30a851bbde9a790981975ba6c15641f99a1e5a0f27d473b3838cbc', 1795421948289, 1795421949289, 1795421948310, NULL);
INSERT INTO api_key (id, secret_sha256, owner, note, scopes, created_at, revoked_at) OVERRIDING SYSTEM VALUE VALUES ('3aea704c7996', '99763492c69dd62dd0a5b37c1f1a17425ff44056ebb88b9fe5fca1162c72ee75', 'ana', 'notebook', 'submit', 1795421948286, NULL);
INSERT INTO api_key (id, secret_sha256, owner, note, scopes, created_at, revoked_at) OVERRIDING SYSTEM VALUE VALUES ('9876171d9978', 'ef99622f53b33a3f1ba9dce074c883784710b4f3521fc7b606aba1cac636200e', 'bob', '', 'read', 1795421948286, 1795421948287);
SELECT setval(pg_get_serial_sequence('job', 'seq'), (SELECT max(seq) FROM job));
