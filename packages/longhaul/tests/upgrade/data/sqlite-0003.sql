BEGIN;
CREATE TABLE migration (no INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT;
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
CREATE INDEX job_ready ON job (queue, owner, rank_at, seq)
  WHERE state = 'queued' AND wake_at IS NULL AND blocked_by = 0 AND publishing IS NULL;
CREATE INDEX job_publish ON job (queue, seq) WHERE state = 'queued' AND publishing IS NOT NULL;
CREATE INDEX job_wake ON job (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX job_lease ON job (lease_expires_at) WHERE state = 'running';
CREATE INDEX job_worker ON job (lease_worker) WHERE state = 'running';
CREATE INDEX job_completed ON job (completed_at) WHERE completed_at IS NOT NULL;
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
CREATE TABLE upload (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  -- The job that the ingest becomes; null for an upload that starts no job.
  job_id TEXT,
  processor TEXT,
  -- Order within the ingest, which is the order of the job's files.
  position INTEGER NOT NULL,
  filename TEXT NOT NULL,
  key TEXT NOT NULL UNIQUE,
  media_type TEXT,
  size_bytes INTEGER NOT NULL,
  part_bytes INTEGER NOT NULL,
  -- Null until the store has begun it. The row comes first, so that no open upload is without one.
  store_upload_id TEXT,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'completed', 'expired', 'aborted')),
  -- Set once what an expired or aborted session had in the store is gone.
  cleaned INTEGER NOT NULL DEFAULT 0,
  etag TEXT,
  sha256 TEXT,
  -- Of the parts it was completed with; null when only the store knew.
  parts_digest TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  completed_at INTEGER,
  -- When its ingest became a job.
  consumed_at INTEGER,
  CHECK (state <> 'completed' OR (etag IS NOT NULL AND completed_at IS NOT NULL))
) STRICT;
CREATE INDEX upload_of_job ON upload (job_id, position) WHERE job_id IS NOT NULL;
CREATE INDEX upload_in_store ON upload (store_upload_id) WHERE store_upload_id IS NOT NULL;
CREATE INDEX upload_to_expire ON upload (expires_at) WHERE state = 'open';
CREATE INDEX upload_to_clean ON upload (id) WHERE state IN ('expired', 'aborted') AND cleaned = 0;
CREATE INDEX upload_to_forget ON upload (expires_at) WHERE cleaned = 1;
CREATE TABLE api_key (
  id TEXT PRIMARY KEY,
  secret_sha256 TEXT NOT NULL,
  owner TEXT NOT NULL,
  note TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
  revoked_at INTEGER
) STRICT;
INSERT INTO migration (no, name, applied_at) VALUES (1, '0001-jobs.sql', 1795421948278);
INSERT INTO migration (no, name, applied_at) VALUES (2, '0002-uploads.sql', 1795421948278);
INSERT INTO migration (no, name, applied_at) VALUES (3, '0003-keys.sql', 1795421948278);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) VALUES (1, 'batch-of-ingest', 'measure', 'measure', '1.0', 'batch', 'ana', 'queued', 2, 1795422848330, 1795421948330, NULL, 0, '{"input":{},"manifest":{"files":["s3://stateful-microservice/datasets/batch-of-ingest/ingested.txt"]}}', NULL, NULL, 0, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, 1795421948330, NULL, NULL, 1795421948330);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) VALUES (10, 'queued', 'shout', 'shout', '1.0', 'processor', 'ana', 'queued', 2, 1795422848379, 1795421948379, NULL, 0, '{"input":{"text":"queued"}}', NULL, NULL, 0, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, 1795421948379, NULL, NULL, 1795421948379);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) VALUES (11, 'queued-last', 'shout', 'shout', '1.0', 'processor', 'ana', 'queued', 3, 1795423748379, 1795421948379, NULL, 0, '{"input":{"text":"queued-last"}}', NULL, NULL, 0, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, 1795421948379, NULL, NULL, 1795421948379);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) VALUES (12, 'queued-of-bob', 'shout', 'shout', '1.0', 'processor', 'bob', 'queued', 2, 1795422848379, 1795421948379, NULL, 0, '{"input":{"text":"queued-of-bob"}}', NULL, NULL, 0, 0, 0, 2, 60000, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, 1795421948379, NULL, NULL, 1795421948379);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) VALUES (13, 'queued-later', 'shout', 'shout', '1.0', 'processor', 'ana', 'queued', 2, 1795422908379, 1795422008379, 1795422008379, 0, '{"input":{"text":"queued-later"}}', NULL, NULL, 0, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, 1795421948379, NULL, NULL, 1795421948379);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) VALUES (14, 'queued-in-a-paused-queue', 'held', 'shout', '1.0', 'processor', 'ana', 'queued', 2, 1795422848379, 1795421948379, NULL, 0, '{"input":{"text":"queued-in-a-paused-queue"}}', NULL, NULL, 0, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, 1795421948379, NULL, NULL, 1795421948379);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) VALUES (15, 'queued-with-a-file', 'measure', 'measure', '1.0', 'processor', 'ana', 'queued', 2, 1795422848379, 1795421948379, NULL, 0, '{"input":{"files":[{"uri":"s3://stateful-microservice/datasets/bc1caa7a-9e3d-48a0-a0f9-7b34decb9559/whole.txt","name":"whole.txt","size":6,"sha256":"b640e840b19d378660b32fb51ae18d67dccb4a8596a29e7bd72c1b2ae5928f41"}]}}', NULL, NULL, 0, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, 1795421948379, NULL, NULL, 1795421948379);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) VALUES (2, 'completed', 'queue-completed', 'shout', '1.0', 'processor', 'ana', 'completed', 1, 1795421948336, 1795421948336, NULL, 0, '{"input":{"text":"completed"}}', 'once', 'h1', 1, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 5, NULL, NULL, '{"value":{"text":"DONE"},"outputs":[{"field":"text","name":"a.txt","key":"results/completed/a.txt","uri":"s3://stateful-microservice/results/completed/a.txt","size":4,"sha256":"283e91eb85d58ffc2ad922884b644c41b54140660f6d1fda3c403d543eedd839","mediaType":"text/plain"}]}', NULL, 1795421948336, 1795421948337, 1795421948340, 1795421948340);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) VALUES (3, 'completed-of-bob', 'queue-completed-of-bob', 'shout', '1.0', 'processor', 'bob', 'completed', 2, 1795422848341, 1795421948341, NULL, 0, '{"input":{"text":"completed-of-bob"}}', NULL, NULL, 1, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 5, NULL, NULL, '{"value":1,"outputs":[]}', NULL, 1795421948341, 1795421948342, 1795421948344, 1795421948344);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) VALUES (4, 'failed', 'queue-failed', 'shout', '1.0', 'processor', 'ana', 'failed', 2, 1795422848345, 1795421948345, NULL, 0, '{"input":{"text":"failed"}}', NULL, NULL, 1, 1, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 5, NULL, NULL, NULL, '{"type":"/problems/transient","title":"The processor failed","status":500,"detail":"it did not work this time","code":"transient"}', 1795421948345, 1795421948345, 1795421948347, 1795421948347);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) VALUES (5, 'retry-wait', 'shout', 'shout', '1.0', 'processor', 'ana', 'retry_wait', 2, 1795422908351, 1795422008351, 1795422008351, 0, '{"input":{"text":"retry-wait"}}', NULL, NULL, 1, 1, 0, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 5, NULL, NULL, NULL, NULL, 1795421948348, 1795421948349, NULL, 1795421948351);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) VALUES (6, 'cancelled', 'queue-cancelled', 'shout', '1.0', 'processor', 'bob', 'cancelled', 2, 1795422848351, 1795421948351, NULL, 0, '{"input":{"text":"cancelled"}}', NULL, NULL, 1, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 5, NULL, NULL, NULL, NULL, 1795421948351, 1795421948352, 1795421948354, 1795421948354);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) VALUES (7, 'publishing', 'shout', 'shout', '1.0', 'processor', 'ana', 'running', 2, 1795422848358, 1795421948358, NULL, 0, '{"input":{"text":"publishing"}}', NULL, NULL, 1, 0, 0, 1, NULL, NULL, 'Cnta4ktFI8PqMflO', 'w-old', 1795421978373, NULL, NULL, 5, NULL, '{"result":{"text":"P"},"outputs":[{"name":"text.txt","key":"results/publishing/text.txt","uri":"s3://stateful-microservice/results/publishing/text.txt","size":9,"sha256":"9466f57050053c595fb5b7a8ad1767dbecca63033f5a69db97268f640f6cd648","mediaType":"text/plain","uploadId":"07d78348bab832cefa466763d0ed6c9c","parts":[{"partNumber":1,"etag":"\"9466f57050053c595fb5b7a8ad1767dbecca63033f5a69db97268f640f6cd648\"","size":9,"sha256":"9466f57050053c595fb5b7a8ad1767dbecca63033f5a69db97268f640f6cd648"}]}]}', NULL, NULL, 1795421948358, 1795421948359, NULL, 1795421948373);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) VALUES (8, 'running', 'shout', 'shout', '1.0', 'processor', 'ana', 'running', 2, 1795422848374, 1795421948374, NULL, 0, '{"input":{"text":"running"}}', NULL, NULL, 1, 0, 0, 1, NULL, NULL, 'nBWLq4Opyb8WpegH', 'w-old', 1795421978375, NULL, NULL, 2, NULL, NULL, NULL, NULL, 1795421948374, 1795421948375, NULL, 1795421948375);
INSERT INTO job (seq, id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, blocked_by, params, idem_key, idem_hash, attempt, failures, lost, max_failures, timeout_ms, deadline_at, lease_nonce, lease_worker, lease_expires_at, stop_told_at, cancel_requested_at, event_no, checkpoint, publishing, result, problem, created_at, started_at, completed_at, updated_at) VALUES (9, 'running-cancel-requested', 'shout', 'shout', '1.0', 'processor', 'ana', 'running', 2, 1795422848376, 1795421948376, NULL, 0, '{"input":{"text":"running-cancel-requested"}}', NULL, NULL, 1, 0, 0, 1, NULL, NULL, 'Rj0fT9rgLQDC5vuT', 'w-old', 1795421978377, NULL, 1795421948377, 3, NULL, NULL, NULL, NULL, 1795421948376, 1795421948377, NULL, 1795421948377);
INSERT INTO attempt (job_id, n, nonce, worker, outcome, started_at, ended_at, problem, log_key, cpu_ms, peak_rss) VALUES ('cancelled', 1, 'O1M-Sv_yIf0hPy88', 'w-old', 'cancelled', 1795421948352, 1795421948354, NULL, 'k', 7, 1000000);
INSERT INTO attempt (job_id, n, nonce, worker, outcome, started_at, ended_at, problem, log_key, cpu_ms, peak_rss) VALUES ('completed', 1, 'CmO09HJdTDeFsj80', 'w-old', 'completed', 1795421948337, 1795421948340, NULL, 'k', 7, 1000000);
INSERT INTO attempt (job_id, n, nonce, worker, outcome, started_at, ended_at, problem, log_key, cpu_ms, peak_rss) VALUES ('completed-of-bob', 1, 'liVsCZjk_3KwBOAP', 'w-old', 'completed', 1795421948342, 1795421948344, NULL, 'k', 7, 1000000);
INSERT INTO attempt (job_id, n, nonce, worker, outcome, started_at, ended_at, problem, log_key, cpu_ms, peak_rss) VALUES ('failed', 1, 'KphrkkQS3rNlg-tn', 'w-old', 'failed', 1795421948345, 1795421948347, '{"type":"/problems/transient","title":"The processor failed","status":500,"detail":"it did not work this time","code":"transient"}', 'k', 7, 1000000);
INSERT INTO attempt (job_id, n, nonce, worker, outcome, started_at, ended_at, problem, log_key, cpu_ms, peak_rss) VALUES ('publishing', 1, 'Cnta4ktFI8PqMflO', 'w-old', 'publishing', 1795421948359, NULL, NULL, 'k', 7, 1000000);
INSERT INTO attempt (job_id, n, nonce, worker, outcome, started_at, ended_at, problem, log_key, cpu_ms, peak_rss) VALUES ('retry-wait', 1, 'z07esm49ihDIi89w', 'w-old', 'failed', 1795421948349, 1795421948351, '{"type":"/problems/transient","title":"The processor failed","status":500,"detail":"it did not work this time","code":"transient"}', 'k', 7, 1000000);
INSERT INTO attempt (job_id, n, nonce, worker, outcome, started_at, ended_at, problem, log_key, cpu_ms, peak_rss) VALUES ('running', 1, 'nBWLq4Opyb8WpegH', 'w-old', NULL, 1795421948375, NULL, NULL, NULL, NULL, NULL);
INSERT INTO attempt (job_id, n, nonce, worker, outcome, started_at, ended_at, problem, log_key, cpu_ms, peak_rss) VALUES ('running-cancel-requested', 1, 'Rj0fT9rgLQDC5vuT', 'w-old', NULL, 1795421948377, NULL, NULL, NULL, NULL, NULL);
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (1, 'batch-of-ingest', 1, 0, 'queued', 1795421948330, '{}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (10, 'completed-of-bob', 4, 1, 'output', 1795421948344, '{"name":"a.txt"}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (11, 'completed-of-bob', 5, 1, 'completed', 1795421948344, '{"outputs":0}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (12, 'failed', 1, 0, 'queued', 1795421948345, '{}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (13, 'failed', 2, 1, 'started', 1795421948345, '{"worker":"w-old","resume":"run"}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (14, 'failed', 3, 1, 'message', 1795421948347, '{"text":"half way"}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (15, 'failed', 4, 1, 'output', 1795421948347, '{"name":"a.txt"}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (16, 'failed', 5, 1, 'failed', 1795421948347, '{"problem":{"type":"/problems/transient","title":"The processor failed","status":500,"detail":"it did not work this time","code":"transient"}}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (17, 'retry-wait', 1, 0, 'queued', 1795421948348, '{}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (18, 'retry-wait', 2, 1, 'started', 1795421948349, '{"worker":"w-old","resume":"run"}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (19, 'retry-wait', 3, 1, 'message', 1795421948350, '{"text":"half way"}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (2, 'completed', 1, 0, 'queued', 1795421948336, '{}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (20, 'retry-wait', 4, 1, 'output', 1795421948350, '{"name":"a.txt"}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (21, 'retry-wait', 5, 1, 'retry_wait', 1795421948351, '{"problem":{"type":"/problems/transient","title":"The processor failed","status":500,"detail":"it did not work this time","code":"transient"},"run_after":1795422008351}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (22, 'cancelled', 1, 0, 'queued', 1795421948351, '{}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (23, 'cancelled', 2, 1, 'started', 1795421948352, '{"worker":"w-old","resume":"run"}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (24, 'cancelled', 3, 1, 'message', 1795421948353, '{"text":"half way"}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (25, 'cancelled', 4, 1, 'output', 1795421948353, '{"name":"a.txt"}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (26, 'cancelled', 5, 1, 'cancelled', 1795421948354, '{}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (27, 'publishing', 1, 0, 'queued', 1795421948358, '{}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (28, 'publishing', 2, 1, 'started', 1795421948359, '{"worker":"w-old","resume":"run"}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (29, 'publishing', 3, 1, 'message', 1795421948372, '{"text":"half way"}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (3, 'completed', 2, 1, 'started', 1795421948337, '{"worker":"w-old","resume":"run"}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (30, 'publishing', 4, 1, 'output', 1795421948372, '{"name":"a.txt"}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (31, 'publishing', 5, 1, 'publishing', 1795421948373, '{"outputs":1}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (32, 'running', 1, 0, 'queued', 1795421948374, '{}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (33, 'running', 2, 1, 'started', 1795421948375, '{"worker":"w-old","resume":"run"}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (34, 'running-cancel-requested', 1, 0, 'queued', 1795421948376, '{}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (35, 'running-cancel-requested', 2, 1, 'started', 1795421948377, '{"worker":"w-old","resume":"run"}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (36, 'running-cancel-requested', 3, 1, 'cancel_requested', 1795421948377, '{}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (37, 'queued', 1, 0, 'queued', 1795421948379, '{}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (38, 'queued-last', 1, 0, 'queued', 1795421948379, '{}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (39, 'queued-of-bob', 1, 0, 'queued', 1795421948379, '{}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (4, 'completed', 3, 1, 'message', 1795421948340, '{"text":"half way"}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (40, 'queued-later', 1, 0, 'queued', 1795421948379, '{}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (41, 'queued-in-a-paused-queue', 1, 0, 'queued', 1795421948379, '{}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (42, 'queued-with-a-file', 1, 0, 'queued', 1795421948379, '{}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (5, 'completed', 4, 1, 'output', 1795421948340, '{"name":"a.txt"}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (6, 'completed', 5, 1, 'completed', 1795421948340, '{"outputs":1}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (7, 'completed-of-bob', 1, 0, 'queued', 1795421948341, '{}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (8, 'completed-of-bob', 2, 1, 'started', 1795421948342, '{"worker":"w-old","resume":"run"}');
INSERT INTO job_event (feed, job_id, no, attempt, type, at, data) VALUES (9, 'completed-of-bob', 3, 1, 'message', 1795421948344, '{"text":"half way"}');
INSERT INTO job_progress (job_id, attempt, data, updated_at) VALUES ('cancelled', 1, '{"stage":"shouting","percent":50,"done":1,"total":2}', 1795421948353);
INSERT INTO job_progress (job_id, attempt, data, updated_at) VALUES ('completed', 1, '{"stage":"shouting","percent":50,"done":1,"total":2}', 1795421948339);
INSERT INTO job_progress (job_id, attempt, data, updated_at) VALUES ('completed-of-bob', 1, '{"stage":"shouting","percent":50,"done":1,"total":2}', 1795421948343);
INSERT INTO job_progress (job_id, attempt, data, updated_at) VALUES ('failed', 1, '{"stage":"shouting","percent":50,"done":1,"total":2}', 1795421948346);
INSERT INTO job_progress (job_id, attempt, data, updated_at) VALUES ('publishing', 1, '{"stage":"shouting","percent":50,"done":1,"total":2}', 1795421948360);
INSERT INTO job_progress (job_id, attempt, data, updated_at) VALUES ('retry-wait', 1, '{"stage":"shouting","percent":50,"done":1,"total":2}', 1795421948350);
INSERT INTO lane (queue, owner, queued, ready, running, retry_wait, paused, completed, failed, cancelled, submit_clock, served) VALUES ('held', 'ana', 1, 1, 0, 0, 0, 0, 0, 0, 1795421948379, 0);
INSERT INTO lane (queue, owner, queued, ready, running, retry_wait, paused, completed, failed, cancelled, submit_clock, served) VALUES ('measure', 'ana', 2, 2, 0, 0, 0, 0, 0, 0, 1795421948379, 0);
INSERT INTO lane (queue, owner, queued, ready, running, retry_wait, paused, completed, failed, cancelled, submit_clock, served) VALUES ('queue-cancelled', 'bob', 0, 0, 0, 0, 0, 0, 0, 1, 1795421948351, 1);
INSERT INTO lane (queue, owner, queued, ready, running, retry_wait, paused, completed, failed, cancelled, submit_clock, served) VALUES ('queue-completed', 'ana', 0, 0, 0, 0, 0, 1, 0, 0, 1795421948336, 1);
INSERT INTO lane (queue, owner, queued, ready, running, retry_wait, paused, completed, failed, cancelled, submit_clock, served) VALUES ('queue-completed-of-bob', 'bob', 0, 0, 0, 0, 0, 1, 0, 0, 1795421948341, 1);
INSERT INTO lane (queue, owner, queued, ready, running, retry_wait, paused, completed, failed, cancelled, submit_clock, served) VALUES ('queue-failed', 'ana', 0, 0, 0, 0, 0, 0, 1, 0, 1795421948345, 1);
INSERT INTO lane (queue, owner, queued, ready, running, retry_wait, paused, completed, failed, cancelled, submit_clock, served) VALUES ('shout', 'ana', 3, 2, 3, 1, 0, 0, 0, 0, 1795421948379, 4);
INSERT INTO lane (queue, owner, queued, ready, running, retry_wait, paused, completed, failed, cancelled, submit_clock, served) VALUES ('shout', 'bob', 1, 1, 0, 0, 0, 0, 0, 0, 1795421948379, 0);
INSERT INTO queue_state (queue, queued, running, claims, max_running, paused, rate_per_minute, tokens, refilled_at) VALUES ('held', 1, 0, 0, NULL, 1, NULL, 0.0, 0);
INSERT INTO queue_state (queue, queued, running, claims, max_running, paused, rate_per_minute, tokens, refilled_at) VALUES ('measure', 2, 0, 0, NULL, 0, NULL, 0.0, 0);
INSERT INTO queue_state (queue, queued, running, claims, max_running, paused, rate_per_minute, tokens, refilled_at) VALUES ('queue-cancelled', 0, 0, 1, NULL, 0, NULL, 0.0, 0);
INSERT INTO queue_state (queue, queued, running, claims, max_running, paused, rate_per_minute, tokens, refilled_at) VALUES ('queue-completed', 0, 0, 1, NULL, 0, NULL, 0.0, 0);
INSERT INTO queue_state (queue, queued, running, claims, max_running, paused, rate_per_minute, tokens, refilled_at) VALUES ('queue-completed-of-bob', 0, 0, 1, NULL, 0, NULL, 0.0, 0);
INSERT INTO queue_state (queue, queued, running, claims, max_running, paused, rate_per_minute, tokens, refilled_at) VALUES ('queue-failed', 0, 0, 1, NULL, 0, NULL, 0.0, 0);
INSERT INTO queue_state (queue, queued, running, claims, max_running, paused, rate_per_minute, tokens, refilled_at) VALUES ('shout', 4, 3, 4, 4, 0, 6000.0, 0.0, 0);
INSERT INTO worker (id, host, boot_id, pid, slots, started_at, seen_at) VALUES ('w-old', 'old-host', 'boot', 4711, 9, 1795421948337, 1795421948377);
INSERT INTO upload (id, owner, job_id, processor, position, filename, key, media_type, size_bytes, part_bytes, store_upload_id, state, cleaned, etag, sha256, parts_digest, created_at, expires_at, completed_at, consumed_at) VALUES ('0205b6eb-0d45-48e3-a1f4-dd5ef5ad63a1', 'ana', 'batch-of-ingest', 'measure', 0, 'ingested.txt', 'datasets/batch-of-ingest/ingested.txt', NULL, 6, 5242880, 'dd2153fe45b8510932bd9f52899e9dba', 'completed', 0, '"6eb7f2ea8ffbb37f44d41bdc3382d193c3de752f89d5bafe7b85afc93a65c32b"', '6eb7f2ea8ffbb37f44d41bdc3382d193c3de752f89d5bafe7b85afc93a65c32b', '785fa11d7e58296209e49787ecd3282793538c94c68a414039911fb1822ef317', 1795421948320, 1795421949320, 1795421948329, 1795421948331);
INSERT INTO upload (id, owner, job_id, processor, position, filename, key, media_type, size_bytes, part_bytes, store_upload_id, state, cleaned, etag, sha256, parts_digest, created_at, expires_at, completed_at, consumed_at) VALUES ('076bfa36-5a2e-4177-b9ba-6d39d941b3b0', 'ana', NULL, NULL, 0, 'half.txt', 'datasets/076bfa36-5a2e-4177-b9ba-6d39d941b3b0/half.txt', NULL, 6, 5242880, 'a16ed35cc6dba7f64fb9f72a27e05ca0', 'expired', 1, NULL, NULL, NULL, 1795421948311, 1795421949311, NULL, NULL);
INSERT INTO upload (id, owner, job_id, processor, position, filename, key, media_type, size_bytes, part_bytes, store_upload_id, state, cleaned, etag, sha256, parts_digest, created_at, expires_at, completed_at, consumed_at) VALUES ('657bd324-f7b0-4685-ab14-8893c46cf0cb', 'ana', NULL, NULL, 0, 'open.txt', 'datasets/657bd324-f7b0-4685-ab14-8893c46cf0cb/open.txt', NULL, 6, 5242880, '46e9399949b13d4e3a9f66603226b473', 'open', 0, NULL, NULL, NULL, 1795421949487, 1795421950487, NULL, NULL);
INSERT INTO upload (id, owner, job_id, processor, position, filename, key, media_type, size_bytes, part_bytes, store_upload_id, state, cleaned, etag, sha256, parts_digest, created_at, expires_at, completed_at, consumed_at) VALUES ('b80eccc2-65fc-41fb-9214-222f4544fab3', 'ana', NULL, NULL, 0, 'aborted.txt', 'datasets/b80eccc2-65fc-41fb-9214-222f4544fab3/aborted.txt', NULL, 6, 5242880, 'dadab9415edf9bdfeeadddbb988f5405', 'aborted', 1, NULL, NULL, NULL, 1795421948315, 1795421949315, NULL, NULL);
INSERT INTO upload (id, owner, job_id, processor, position, filename, key, media_type, size_bytes, part_bytes, store_upload_id, state, cleaned, etag, sha256, parts_digest, created_at, expires_at, completed_at, consumed_at) VALUES ('bc1caa7a-9e3d-48a0-a0f9-7b34decb9559', 'ana', NULL, NULL, 0, 'whole.txt', 'datasets/bc1caa7a-9e3d-48a0-a0f9-7b34decb9559/whole.txt', NULL, 6, 5242880, 'b90c94de8276e3c062af9d9c3884ded0', 'completed', 0, '"b640e840b19d378660b32fb51ae18d67dccb4a8596a29e7bd72c1b2ae5928f41"', 'b640e840b19d378660b32fb51ae18d67dccb4a8596a29e7bd72c1b2ae5928f41', '6b3a94f21f30a851bbde9a790981975ba6c15641f99a1e5a0f27d473b3838cbc', 1795421948289, 1795421949289, 1795421948310, NULL);
INSERT INTO api_key (id, secret_sha256, owner, note, scopes, created_at, revoked_at) VALUES ('3aea704c7996', '99763492c69dd62dd0a5b37c1f1a17425ff44056ebb88b9fe5fca1162c72ee75', 'ana', 'notebook', 'submit', 1795421948286, NULL);
INSERT INTO api_key (id, secret_sha256, owner, note, scopes, created_at, revoked_at) VALUES ('9876171d9978', 'ef99622f53b33a3f1ba9dce074c883784710b4f3521fc7b606aba1cac636200e', 'bob', '', 'read', 1795421948286, 1795421948287);
INSERT OR REPLACE INTO sqlite_sequence (rowid, name, seq) SELECT (SELECT rowid FROM sqlite_sequence WHERE name = 'job'), 'job', 15;
INSERT OR REPLACE INTO sqlite_sequence (rowid, name, seq) SELECT (SELECT rowid FROM sqlite_sequence WHERE name = 'job_event'), 'job_event', 42;
COMMIT;
