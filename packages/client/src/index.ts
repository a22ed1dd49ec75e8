/** A longhaul service from any JavaScript: needs nothing but `fetch`. Files of a disk: `@longhaul/client/node`. */
export { createClient } from './client.ts'
export type { Client, ClientOptions, JobsQuery } from './client.ts'
export {
  isServiceError,
  JobFailedError,
  ServiceError,
  TransferError,
  UnreachableError,
} from './errors.ts'
export type { AnsweredProblem } from './errors.ts'
export type { ByteSource } from './byte-source.ts'
export type { ActionAnswer, ActionInput, CallOptions } from './call-action.ts'
export type { Fetch } from './connection.ts'
export type { Downloaded, DownloadOptions, DownloadSink } from './download-output.ts'
export type { FollowOptions, JobUpdate } from './follow-job.ts'
export type { BatchUpdate, FollowBatchOptions } from './follow-batch.ts'
export type { Callables, CallableOptions } from './callables.ts'
export type { Batches, BatchItemsQuery, BatchRequest } from './batches.ts'
export type { AssetOptions, Operations, WaitForFlows } from './operations.ts'
export type { Operator } from './operator.ts'
export { sha256, type Hasher } from './sha256.ts'
export type { SubmitOptions } from './submit-job.ts'
export type {
  AnyProcessor,
  Finished,
  InputOf,
  JobOf,
  ResultFile,
  ResultOf,
  TypedProcessor,
} from './typed-processor.ts'
export type { InputValue } from './upload-input.ts'
export type { Pace, TransferProgress } from './transfer-pace.ts'
export { storedUploads, type TextStorage, type UploadMemory } from './upload-memory.ts'
export type { Uploaded, UploadOptions } from './upload-source.ts'
