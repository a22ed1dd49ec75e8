-- Batches: many jobs of one processor, submitted together. Times are epoch milliseconds of the database's clock.

-- The batch that a job is an item of. The job's own state is the item's: it is kept in one place.
ALTER TABLE job ADD COLUMN batch_id TEXT;
ALTER TABLE job ADD COLUMN batch_item INTEGER;
-- For jobs of batches alone: all others pay nothing.
CREATE INDEX job_of_batch ON job (batch_id, state, batch_item) WHERE batch_id IS NOT NULL;
CREATE INDEX job_batch_item ON job (batch_id, batch_item) WHERE batch_id IS NOT NULL;

CREATE TABLE batch (
  -- What lists page by.
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  owner TEXT NOT NULL,
  processor TEXT NOT NULL,
  -- What its jobs have in common, as the engine takes it.
  job TEXT NOT NULL,
  -- As the request said them; each item's input holds them already.
  parameters TEXT NOT NULL,
  total INTEGER NOT NULL DEFAULT 0,
  -- Items up to this number have become jobs, those after it are rows of batch_item.
  fed INTEGER NOT NULL DEFAULT 0 CHECK (fed <= total),
  idem_key TEXT,
  idem_hash TEXT,
  created_at INTEGER NOT NULL,
  -- Null until every item is written: nobody sees the batch before.
  opened_at INTEGER,
  cancelled_at INTEGER,
  -- 1: it was cancelled, and some of its jobs may not have been told.
  stopping INTEGER NOT NULL DEFAULT 0,
  CHECK ((idem_key IS NULL) = (idem_hash IS NULL))
) STRICT;
CREATE UNIQUE INDEX batch_idempotency ON batch (owner, idem_key) WHERE idem_key IS NOT NULL;
CREATE INDEX batch_by_owner ON batch (owner, seq);
CREATE INDEX batch_to_feed ON batch (seq) WHERE opened_at IS NOT NULL AND cancelled_at IS NULL AND fed < total;
CREATE INDEX batch_to_stop ON batch (seq) WHERE stopping = 1;
CREATE INDEX batch_unopened ON batch (created_at) WHERE opened_at IS NULL;

-- An item until it becomes a job: the transaction that submits the job deletes the row.
CREATE TABLE batch_item (
  batch_id TEXT NOT NULL REFERENCES batch (id) ON DELETE CASCADE,
  item INTEGER NOT NULL,
  name TEXT NOT NULL,
  input TEXT NOT NULL,
  PRIMARY KEY (batch_id, item)
) STRICT, WITHOUT ROWID;
