-- Items that know which job they will be: asset operations tell their flow ids when they are asked.

ALTER TABLE batch_item ADD COLUMN job_id TEXT;
CREATE UNIQUE INDEX batch_item_job ON batch_item (job_id) WHERE job_id IS NOT NULL;
