-- Dependencies, expiry, reasons to wait, checkpoints apart from the job's row, owner caps and what a worker says of itself.

-- When this life began: its creation, or its retry by a user.
ALTER TABLE job ADD COLUMN queued_at INTEGER NOT NULL DEFAULT 0;
-- When nothing of its own (dependency, delay) held it back any more, before its first start.
ALTER TABLE job ADD COLUMN ready_at INTEGER;
-- Latest first start.
ALTER TABLE job ADD COLUMN expires_at INTEGER;
-- Null where it depends on nothing.
ALTER TABLE job ADD COLUMN on_dependency TEXT CHECK (on_dependency IN ('completed', 'any'));
ALTER TABLE job ADD COLUMN silent_since INTEGER;
ALTER TABLE job ADD COLUMN checkpoint_at INTEGER;
UPDATE job SET queued_at = created_at, ready_at = CASE WHEN wake_at IS NULL THEN created_at END;
CREATE INDEX job_expiry ON job (expires_at)
  WHERE state = 'queued' AND started_at IS NULL AND expires_at IS NOT NULL;
-- The head of a lane is the first row of its range. The constants at its end let the place in a lane be counted in the
-- index alone.
DROP INDEX job_ready;
CREATE INDEX job_ready ON job (queue, owner, rank_at, seq, state, wake_at, blocked_by, publishing)
  WHERE state = 'queued' AND wake_at IS NULL AND blocked_by = 0 AND publishing IS NULL;
-- Retention reads its range; the recent history reads nothing else.
DROP INDEX job_completed;
CREATE INDEX job_completed ON job (completed_at, queue, state, queued_at, started_at)
  WHERE completed_at IS NOT NULL;

-- The newest two manifests of a job. In the job's row, each touch would write them again.
CREATE TABLE job_checkpoint (
  job_id TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  no INTEGER NOT NULL,
  saved_at INTEGER NOT NULL,
  manifest TEXT NOT NULL,
  PRIMARY KEY (job_id, no)
) STRICT;
INSERT INTO job_checkpoint SELECT id, 1, updated_at, checkpoint FROM job WHERE checkpoint IS NOT NULL;
UPDATE job SET checkpoint_at = updated_at WHERE checkpoint IS NOT NULL;
ALTER TABLE job DROP COLUMN checkpoint;

-- Whether the job has been told that the other one ended: blocked_by counts the zeros.
ALTER TABLE dependency ADD COLUMN heard INTEGER NOT NULL DEFAULT 0;
DROP INDEX dependency_on;
CREATE INDEX dependency_on ON dependency (on_id, heard);
-- Jobs that ended, some of whose dependants have yet to hear of it: too many for one transaction. Sweep goes on.
CREATE TABLE dependants_due (
  on_id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- The owner's cap, and why the lane's ready jobs wait: the newest row of lane_wait.
ALTER TABLE lane ADD COLUMN max_running INTEGER;
ALTER TABLE lane ADD COLUMN wait_reason TEXT NOT NULL DEFAULT 'slots';
ALTER TABLE lane ADD COLUMN wait_since INTEGER NOT NULL DEFAULT 0;
-- A row whenever that changes: pausing a queue of a million jobs writes one row per lane.
CREATE TABLE lane_wait (
  queue TEXT NOT NULL,
  owner TEXT NOT NULL,
  since INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (queue, owner, since)
) STRICT, WITHOUT ROWID;
CREATE INDEX lane_wait_since ON lane_wait (since);

ALTER TABLE worker ADD COLUMN version TEXT;
-- A JSON array of names; null where it has not said.
ALTER TABLE worker ADD COLUMN queues TEXT;
ALTER TABLE worker ADD COLUMN holding TEXT CHECK (holding IN ('disk', 'draining'));
ALTER TABLE worker ADD COLUMN drain_requested_at INTEGER;
CREATE INDEX worker_seen ON worker (seen_at);
