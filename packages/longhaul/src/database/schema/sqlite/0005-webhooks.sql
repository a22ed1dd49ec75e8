-- Callbacks: what the outbox lacked to send them, and to tell what became of each.

-- The host that is asked: one that is slow must not keep others waiting.
ALTER TABLE outbox ADD COLUMN origin TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
-- Whoever tries at present: its random word is the fence. A try that nobody ends comes due again.
ALTER TABLE outbox ADD COLUMN lease TEXT;
-- Given up: a dead letter.
ALTER TABLE outbox ADD COLUMN dead_at INTEGER;
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (due_at) WHERE delivered_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_dead ON outbox (id) WHERE dead_at IS NOT NULL;
CREATE INDEX outbox_owner ON outbox (owner, id);

CREATE TABLE outbox_try (
  outbox_id INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  -- Of the answer; null where none came.
  status INTEGER,
  duration_ms INTEGER NOT NULL,
  -- Why it does not count as delivered.
  error TEXT
) STRICT;
CREATE INDEX outbox_try_of ON outbox_try (outbox_id, at);

-- What callbacks are signed with where the operator sets nothing: made once, the same for every process.
CREATE TABLE callback_key (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  secret TEXT NOT NULL
) STRICT;

-- Whom an ingest's job is to tell, until it is one.
CREATE TABLE ingest_callback (
  job_id TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ingest_callback_age ON ingest_callback (created_at);
