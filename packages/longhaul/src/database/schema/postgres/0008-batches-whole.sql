-- Batches that tell of their end, are followed and are deleted; tags of jobs.

ALTER TABLE batch ADD COLUMN callback_url text;
-- 1: its next end is to be told; and how many have been.
ALTER TABLE batch ADD COLUMN to_tell integer NOT NULL DEFAULT 0;
ALTER TABLE batch ADD COLUMN told integer NOT NULL DEFAULT 0;
-- 1: it is deleted. Nobody sees it any more; its jobs go, then its row.
ALTER TABLE batch ADD COLUMN removing integer NOT NULL DEFAULT 0;
-- A JSON array of the tags that each of its jobs has.
ALTER TABLE batch ADD COLUMN tags text;
DROP INDEX batch_to_stop;
CREATE INDEX batch_to_tend ON batch (seq) WHERE stopping = 1 OR to_tell = 1 OR removing = 1;
-- In the order in which items ended: who follows a batch goes on after the last one.
CREATE INDEX job_batch_end ON job (batch_id, completed_at, batch_item)
  WHERE batch_id IS NOT NULL AND completed_at IS NOT NULL;

-- A callback is of a job or of a batch; event_no is then the number of the batch's end.
ALTER TABLE outbox ALTER COLUMN job_id DROP NOT NULL;
ALTER TABLE outbox ADD COLUMN batch_id text REFERENCES batch (id) ON DELETE CASCADE;
ALTER TABLE outbox ADD CHECK ((job_id IS NULL) <> (batch_id IS NULL));
CREATE INDEX outbox_batch ON outbox (batch_id) WHERE batch_id IS NOT NULL;

-- What jobs are found by, besides what they are; most have none.
CREATE TABLE job_tag (
  seq bigint NOT NULL,
  tag text NOT NULL,
  owner text NOT NULL,
  PRIMARY KEY (seq, tag)
);
CREATE INDEX job_tag_of_owner ON job_tag (owner, tag, seq);
CREATE INDEX job_tag_of_all ON job_tag (tag, seq);
