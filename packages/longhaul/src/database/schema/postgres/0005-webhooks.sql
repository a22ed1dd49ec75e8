-- Callbacks: what the outbox lacked to send them, and to tell what became of each.

-- The host that is asked: one that is slow must not keep others waiting.
ALTER TABLE outbox ADD COLUMN origin text NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN owner text NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN created_at bigint NOT NULL DEFAULT 0;
-- Whoever tries at present: its random word is the fence. A try that nobody ends comes due again.
ALTER TABLE outbox ADD COLUMN lease text;
-- Given up: a dead letter.
ALTER TABLE outbox ADD COLUMN dead_at bigint;
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (due_at) WHERE delivered_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_dead ON outbox (id) WHERE dead_at IS NOT NULL;
CREATE INDEX outbox_owner ON outbox (owner, id);

CREATE TABLE outbox_try (
  outbox_id bigint NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
  at bigint NOT NULL,
  -- Of the answer; null where none came.
  status integer,
  duration_ms bigint NOT NULL,
  -- Why it does not count as delivered.
  error text
);
CREATE INDEX outbox_try_of ON outbox_try (outbox_id, at);

-- What callbacks are signed with where the operator sets nothing: made once, the same for every process.
CREATE TABLE callback_key (
  only_one integer PRIMARY KEY CHECK (only_one = 1),
  secret text NOT NULL
);

-- Whom an ingest's job is to tell, until it is one.
CREATE TABLE ingest_callback (
  job_id text PRIMARY KEY,
  url text NOT NULL,
  created_at bigint NOT NULL
);
CREATE INDEX ingest_callback_age ON ingest_callback (created_at);
