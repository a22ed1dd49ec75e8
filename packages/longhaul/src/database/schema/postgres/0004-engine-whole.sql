-- Dependencies, expiry, reasons to wait, checkpoints apart from the job's row, owner caps and what a worker says of itself.

-- queued_at: when this life began, its creation or its retry by a user.
-- ready_at: when nothing of its own (dependency, delay) held it back any more, before its first start.
-- expires_at: latest first start. on_dependency: null where it depends on nothing.
ALTER TABLE job
  ADD COLUMN queued_at bigint NOT NULL DEFAULT 0,
  ADD COLUMN ready_at bigint,
  ADD COLUMN expires_at bigint,
  ADD COLUMN on_dependency text CHECK (on_dependency IN ('completed', 'any')),
  ADD COLUMN silent_since bigint,
  ADD COLUMN checkpoint_at bigint;
UPDATE job SET queued_at = created_at, ready_at = CASE WHEN wake_at IS NULL THEN created_at END;
CREATE INDEX job_expiry ON job (expires_at)
  WHERE state = 'queued' AND started_at IS NULL AND expires_at IS NOT NULL;
-- Retention reads its range; the recent history reads nothing else.
DROP INDEX job_completed;
CREATE INDEX job_completed ON job (completed_at, queue, state, queued_at, started_at)
  WHERE completed_at IS NOT NULL;

-- The newest two manifests of a job. In the job's row, each touch would write them again.
CREATE TABLE job_checkpoint (
  job_id text NOT NULL,
  no integer NOT NULL,
  saved_at bigint NOT NULL,
  manifest text NOT NULL,
  PRIMARY KEY (job_id, no)
);
INSERT INTO job_checkpoint SELECT id, 1, updated_at, checkpoint FROM job WHERE checkpoint IS NOT NULL;
UPDATE job SET checkpoint_at = updated_at WHERE checkpoint IS NOT NULL;
ALTER TABLE job DROP COLUMN checkpoint;

-- Whether the job has been told that the other one ended: blocked_by counts the zeros.
ALTER TABLE dependency ADD COLUMN heard integer NOT NULL DEFAULT 0;
DROP INDEX dependency_on;
CREATE INDEX dependency_on ON dependency (on_id, heard);
-- Jobs that ended, whose dependants have yet to hear of it: told right after the commit, at the latest by a sweep.
CREATE TABLE dependants_due (
  on_id text PRIMARY KEY
);

-- The owner's cap, and why the lane's ready jobs wait: the newest row of lane_wait.
ALTER TABLE lane
  ADD COLUMN max_running integer,
  ADD COLUMN wait_reason text NOT NULL DEFAULT 'slots',
  ADD COLUMN wait_since bigint NOT NULL DEFAULT 0;
-- A row whenever that changes: pausing a queue of a million jobs writes one row per lane.
CREATE TABLE lane_wait (
  queue text NOT NULL,
  owner text NOT NULL,
  since bigint NOT NULL,
  reason text NOT NULL,
  PRIMARY KEY (queue, owner, since)
);
CREATE INDEX lane_wait_since ON lane_wait (since);

-- queues: a JSON array of names; null where it has not said.
ALTER TABLE worker
  ADD COLUMN version text,
  ADD COLUMN queues text,
  ADD COLUMN holding text CHECK (holding IN ('disk', 'draining')),
  ADD COLUMN drain_requested_at bigint;
CREATE INDEX worker_seen ON worker (seen_at);

-- A row that changes is written to every index that has it: lists find the few running jobs by job_running, so that a
-- claim writes three of them and not seven.
DROP INDEX job_by_kind;
DROP INDEX job_by_owner;
DROP INDEX job_by_processor;
DROP INDEX job_by_owner_processor;
CREATE INDEX job_by_kind ON job (kind, state, seq) WHERE state <> 'running';
CREATE INDEX job_by_owner ON job (owner, kind, state, seq) WHERE state <> 'running';
CREATE INDEX job_by_processor ON job (processor, state, seq) WHERE state <> 'running';
CREATE INDEX job_by_owner_processor ON job (owner, processor, state, seq) WHERE state <> 'running';
