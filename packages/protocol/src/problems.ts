/**
 * Every failure longhaul can name. Codes are part of the HTTP contract: add freely, never rename.
 * Kept in step with docs/reference/problems.md by a test.
 */
export const catalogue = {
  // requests
  'invalid-request': { status: 422, title: 'The request does not match its schema' },
  'malformed-body': { status: 422, title: 'The request body cannot be read' },
  'bad-request': { status: 400, title: 'The request cannot be served as it stands' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'body-too-large': { status: 413, title: 'The request body is too large' },
  'unsupported-media-type': { status: 415, title: 'Media type not supported' },
  'upgrade-required': { status: 426, title: 'This is a WebSocket' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'range-not-satisfiable': { status: 416, title: 'Range not satisfiable' },
  unauthorized: { status: 401, title: 'A key is needed' },
  forbidden: { status: 403, title: 'This key may not do that' },
  internal: { status: 500, title: 'Something went wrong inside longhaul' },
  unavailable: { status: 503, title: 'The service cannot take this now' },
  'insufficient-storage': { status: 507, title: 'Not enough room' },
  // processors
  'processor-not-found': { status: 404, title: 'Processor not found' },
  'processor-required': { status: 400, title: 'Name a processor' },
  'processor-not-ready': { status: 503, title: 'The processor is not ready' },
  'processor-broken': { status: 503, title: 'The processor cannot be loaded' },
  // callables
  'entrypoint-required': { status: 400, title: 'Name an entrypoint' },
  'entrypoint-invalid': { status: 400, title: 'That is no entrypoint' },
  'entrypoint-broken': { status: 400, title: 'The entrypoint cannot be loaded' },
  'entrypoint-not-listed': { status: 403, title: 'The operator does not list that entrypoint' },
  'task-not-found': { status: 404, title: 'Task not found' },
  // actions
  'action-busy': { status: 503, title: 'As many calls wait as may' },
  'action-conflict': { status: 409, title: 'The action refused' },
  'action-failed': { status: 500, title: 'The action failed' },
  'action-timeout': { status: 504, title: 'The action took too long' },
  'invalid-path': { status: 400, title: 'Validation error' },
  'storage-failed': { status: 502, title: 'The store could not give the object' },
  // jobs
  'job-not-found': { status: 404, title: 'Job not found' },
  'job-exists': { status: 400, title: 'Job exists already' },
  'job-finished': { status: 409, title: 'The job has ended' },
  'job-not-finished': { status: 409, title: 'The job has not ended' },
  'manifest-required': { status: 400, title: 'A manifest is required' },
  'ambiguous-job': { status: 400, title: 'The body describes more than one kind of job' },
  'idempotency-conflict': {
    status: 409,
    title: 'The idempotency key was used for another request',
  },
  'queue-not-found': { status: 404, title: 'Queue not found' },
  'worker-not-found': { status: 404, title: 'Worker not found' },
  'dependency-not-found': { status: 422, title: 'A job to depend on is not there' },
  'queue-full': { status: 429, title: 'The queue is full' },
  'output-not-found': { status: 404, title: 'Output not found' },
  // batches
  'batch-not-found': { status: 404, title: 'Batch not found' },
  'batch-not-finished': { status: 409, title: 'The batch has not ended' },
  'batch-empty': { status: 422, title: 'The batch has no items' },
  'batch-too-large': { status: 422, title: 'The batch has too many items' },
  'invalid-manifest': { status: 422, title: 'The manifest cannot be used' },
  // uploads and objects
  'archive-unsupported': { status: 415, title: 'That is no archive that can be extracted' },
  'archive-refused': { status: 422, title: 'The archive is not safe to extract' },
  'upload-not-found': { status: 404, title: 'Upload not found' },
  'upload-mismatch': { status: 400, title: 'The upload does not match the request' },
  'upload-incomplete': { status: 400, title: 'The upload is not complete' },
  'upload-complete': { status: 409, title: 'The upload is complete already' },
  'upload-expired': { status: 410, title: 'The upload has expired' },
  'upload-offset-mismatch': { status: 409, title: 'Upload offset does not match' },
  'upload-too-large': { status: 413, title: 'The upload is larger than allowed' },
  'upload-checksum-mismatch': { status: 460, title: 'The checksum does not match' },
  'upload-is-final': { status: 403, title: 'A final upload takes no bytes' },
  'tus-version-unsupported': { status: 412, title: 'That version of tus is not spoken here' },
  'invalid-part': { status: 400, title: 'A part is not valid' },
  'invalid-file-name': { status: 400, title: 'The file name cannot be used' },
  'duplicate-file-name': { status: 400, title: 'Two files have the same name' },
  'duplicate-bin': { status: 400, title: 'Two bins have the same id' },
  'checksum-mismatch': { status: 400, title: 'The checksum does not match' },
  'signature-invalid': { status: 403, title: 'The signed URL is not valid' },
  'signature-expired': { status: 403, title: 'The signed URL has expired' },
  'object-not-found': { status: 404, title: 'Object not found' },
  'invalid-uri': { status: 400, title: 'The URI cannot be used as an input' },
  'uri-refused': { status: 403, title: 'The URI is not allowed as an input' },
  // datasets
  'dataset-not-found': { status: 404, title: 'Dataset not found' },
  'dataset-transition': { status: 409, title: 'The dataset cannot go to that status' },
  // why an attempt or a job failed (engine.md §4: fixed words)
  'invalid-input': { status: 422, title: 'The processor refused its input' },
  permanent: { status: 500, title: 'The processor failed for good' },
  transient: { status: 500, title: 'The processor failed' },
  timeout: { status: 504, title: 'The attempt ran out of time' },
  silent: { status: 504, title: 'The attempt showed no sign of life' },
  'out-of-memory': { status: 500, title: 'The attempt ran out of memory' },
  'worker-lost': { status: 500, title: 'The worker was lost' },
  expired: { status: 500, title: 'The job waited too long' },
  'dependency-failed': { status: 500, title: 'A job this one depends on failed' },
  'processor-changed': {
    status: 409,
    title: 'The processor changed and no longer accepts this job',
  },
  cancelled: { status: 409, title: 'The job was cancelled' },
  // callbacks, and requests that go out
  'callback-not-found': { status: 404, title: 'Callback not found' },
  'callback-delivered': { status: 409, title: 'The callback was delivered already' },
  'outbound-refused': { status: 403, title: 'Requests to that address are not allowed' },
  'outbound-failed': { status: 502, title: 'Another server could not be reached' },
  'outbound-timeout': { status: 504, title: 'Another server took too long' },
  'outbound-too-large': { status: 502, title: 'Another server sent too much' },
  // assets and the APIs that process them
  'asset-refused': { status: 400, title: 'The asset is not what the operation takes' },
  'asset-not-found': { status: 502, title: 'The asset is not there' },
  'operation-failed': { status: 502, title: "The operation's API failed" },
  'operation-timeout': { status: 504, title: "The operation's API took too long" },
  // imports
  'source-unsupported': { status: 400, title: 'Nothing is imported from there' },
  'source-refused': { status: 502, title: 'The source does not give the file' },
  'source-changed': { status: 502, title: 'The file changes while it is fetched' },
  'credentials-gone': { status: 409, title: 'The credentials are no longer kept' },
  // configuration and start
  'invalid-config': { status: 500, title: 'The configuration is not valid' },
  'database-unusable': { status: 503, title: 'The database cannot be used' },
  'data-in-use': { status: 409, title: 'Somebody still works on this data' },
  'target-not-empty': { status: 409, title: 'There is something already' },
  'backup-unusable': { status: 500, title: 'The backup cannot be used' },
  'write-conflict': { status: 409, title: 'Someone else changed this first' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof catalogue

/** RFC 9457 problem details, plus the fields that clients of older services read (`error`, `detail`). */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  code: ProblemCode
  instance?: string
  [fact: string]: unknown
}

export const isProblemCode = (value: unknown): value is ProblemCode =>
  typeof value === 'string' && Object.hasOwn(catalogue, value)
