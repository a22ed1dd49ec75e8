/**
 * Batches: many jobs of one processor, submitted, watched, retried and fetched together. An item is a row of `batch_item`
 * until it becomes a job, and then that job: its state is kept in one place. At most a thousand jobs of a batch wait or run
 * at a time, so that a hundred thousand items are in nobody's way.
 */
export { batchStatements } from './batch-statements.ts'
export { batchCallbackBody } from './batch-callback.ts'
export { cancelBatch } from './cancel-batch.ts'
export { createBatch } from './create-batch.ts'
export { feedBatch, startFeedingBatches } from './feed-batches.ts'
export { findBatch } from './find-batch.ts'
export type { Member } from './archive/archive-members.ts'
export { zipOf } from './archive/zip.ts'
