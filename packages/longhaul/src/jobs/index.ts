/**
 * The life of a job as its users see it: submitting, following, and what came out. engine.ts is the contract beneath, with
 * its drivers in sqlite/; projections/ says one job in the words of each family of clients.
 */
export { attemptLines } from './attempt-lines.ts'
export { baseUrlOf } from './base-url.ts'
export { checkCallback } from './check-callback.ts'
export { createEventStreams, type EventStreams } from './event-streams.ts'
export { createJobSockets, type JobSockets } from './job-sockets.ts'
export { createJobWatch, type JobWatch } from './job-watch.ts'
export { preferredWaitSeconds } from './http-preferences.ts'
export { plainFileName } from './file-name.ts'
export { findJob } from './find-job.ts'
export { fileOfUrl, resolveFile } from './resolve-file.ts'
export { submitInput } from './submit-input.ts'
export { retryChanges } from './retry-changes.ts'
export { mayReadKey } from './may-read-key.ts'
export { ingestRoutes } from './routes-ingest.ts'
export { jobPrefixes, removeJobs } from './remove-job.ts'
export { jobRoutes } from './routes.ts'
export { queueRoutes } from './routes-queues.ts'
export { submissionRoutes } from './routes-submission.ts'
export { workerRoutes } from './routes-workers.ts'
export { processorFor } from './processor-for.ts'
export { prepareCall, prepareJson } from './prepare-submission.ts'
export { submissionOptionsOf } from './routes-submit-request.ts'
export { newJobId, submitJob } from './submit-job.ts'
export {
  iso,
  isoOrNull,
  nativeJob,
  nativeOutput,
  projectJob,
  publicProblem,
  systemDJob,
  systemDStatus,
} from './projections/index.ts'
export { fieldsOf, formParts, type FormPart } from './read-form.ts'
export type { FileRef } from './job.ts'
export { prefersAsync } from './http-preferences.ts'
export { attachment, matchesEtag, parseRange } from './http-range.ts'
