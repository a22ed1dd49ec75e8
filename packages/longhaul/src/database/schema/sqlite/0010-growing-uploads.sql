-- Uploads that grow at their end, and what the front doors keep beside an upload.

-- 1: its size is not known yet, and size_bytes is 0. 2: it was not known at first.
ALTER TABLE upload ADD COLUMN growing INTEGER NOT NULL DEFAULT 0;
-- Raised by everyone who comes to append: whoever came before stops. 0: nobody has, so it is fed in parts.
ALTER TABLE upload ADD COLUMN fence INTEGER NOT NULL DEFAULT 0;
-- The highest fence whose holder has stopped writing.
ALTER TABLE upload ADD COLUMN released INTEGER NOT NULL DEFAULT 0;
-- Of the whole, as the client said; compared at completion.
ALTER TABLE upload ADD COLUMN wanted_sha256 TEXT;
-- Of a front door, which alone reads it.
ALTER TABLE upload ADD COLUMN note TEXT;
-- 1: only material for another upload.
ALTER TABLE upload ADD COLUMN partial INTEGER NOT NULL DEFAULT 0;

-- Material for other uploads goes in time although it is complete.
DROP INDEX upload_to_expire;
CREATE INDEX upload_to_expire ON upload (expires_at)
  WHERE state = 'open' OR (state = 'completed' AND partial = 1);

-- What is open, by owner, and how much room that was promised: without looking at the rows.
CREATE INDEX upload_open ON upload (owner, size_bytes) WHERE state = 'open';
