import { LonghaulError, isLonghaulError } from '../../errors/index.ts'

/** What is said of a failure: which store, what was tried, how often. Never keys, signatures or what the store echoes. */
export interface FailedRequest {
  /** Without credentials. */
  readonly endpoint: string
  readonly bucket: string
  /** "read results/x", after "could not". */
  readonly what: string
  readonly tries: number
}

interface SdkError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string }
  readonly code?: string
}

export const statusOf = (error: unknown): number | undefined =>
  (error as SdkError | undefined)?.$metadata?.httpStatusCode
export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '')

/** The answer is that there is no such thing, of whatever kind. */
export const isMissing = (error: unknown): boolean =>
  ['NoSuchKey', 'NotFound'].includes(nameOf(error)) ||
  (statusOf(error) === 404 && !['NoSuchUpload', 'NoSuchBucket'].includes(nameOf(error)))
export const isNoUpload = (error: unknown): boolean => nameOf(error) === 'NoSuchUpload'
export const isReplaced = (error: unknown): boolean => statusOf(error) === 412

const passing = new Set([
  'SlowDown',
  'InternalError',
  'ServiceUnavailable',
  'OperationAborted',
  'RequestTimeout',
  'RequestTimeTooSkewed', // the SDK has now learnt the store's clock
  'RequestExpired',
  'IncompleteBody',
  'BadDigest',
  'XAmzContentSHA256Mismatch', // of a body that is sent again from the same memory
  'TooManyRequests',
])
const passingStatus = new Set([408, 429, 500, 502, 503, 504])

/** A second try may go well: the store was busy, the line was cut. */
export function isPassing(error: unknown): boolean {
  const status = statusOf(error)
  if (status !== undefined) return passingStatus.has(status) || passing.has(nameOf(error))
  return isNetwork(error)
}

/** Errors of sockets and of name look-ups have a code in capitals; mistakes of ours are of other kinds. */
const isNetwork = (error: unknown): boolean =>
  error instanceof Error && /^(E[A-Z]+|EAI_[A-Z]+|UND_\w+)$/.test((error as SdkError).code ?? '')

/** A failure of the store by its name in the catalogue. What is no failure of the store stays as it is. */
export function toStoreError(error: unknown, request: FailedRequest): unknown {
  if (isLonghaulError(error) || !(error instanceof Error)) return error
  const status = statusOf(error)
  if (status === undefined && !isNetwork(error)) return error
  const { endpoint, bucket, what, tries } = request
  const store = `the S3 store at ${endpoint}`
  const said = status === undefined ? ((error as SdkError).code ?? error.name) : error.name
  const facts = {
    store: endpoint,
    store_error: said,
    ...(status && { store_status: status }),
    tries,
  }
  const options = { facts, cause: plainCause(error) }
  switch (error.name) {
    case 'NoSuchBucket':
      return new LonghaulError(
        'unavailable',
        `The bucket ${bucket} is not at ${endpoint} any more. The operator makes it again or names another in S3_BUCKET.`,
        options,
      )
    case 'InvalidRange':
      return new LonghaulError(
        'range-not-satisfiable',
        `Could not ${what}: the range asked for lies outside.`,
      )
    case 'KeyTooLongError':
    case 'InvalidURI':
      return new LonghaulError(
        'invalid-file-name',
        `Could not ${what}: ${store} takes no such name.`,
        options,
      )
    case 'QuotaExceeded':
    case 'EntityTooLarge':
      return new LonghaulError(
        'insufficient-storage',
        `Could not ${what}: ${store} has no room for it (${said}).`,
        options,
      )
    default:
  }
  if (status === 507)
    return new LonghaulError(
      'insufficient-storage',
      `Could not ${what}: ${store} is full.`,
      options,
    )
  if (status === 401 || status === 403)
    return new LonghaulError(
      'unavailable',
      `Could not ${what}: ${store} refuses the access key or what it is used for (${said}). The operator checks S3_ACCESS_KEY, S3_SECRET_KEY and the key's rights on the bucket ${bucket}.`,
      options,
    )
  return new LonghaulError(
    'unavailable',
    `Could not ${what}: ${store} ${status === undefined ? `cannot be reached (${said})` : `answers ${status} ${said}`}, after ${tries} ${tries === 1 ? 'try' : 'tries'}. Try again later.`,
    options,
  )
}

/** The SDK's errors hold what the store echoes, such as the access key and the string to sign; logs need less. */
function plainCause(error: SdkError): Error {
  const requestId = error.$metadata?.requestId
  const cause = new Error(
    `${error.name}: ${error.message}${requestId ? ` (request ${requestId})` : ''}`,
  )
  if (error.stack !== undefined) cause.stack = error.stack
  return cause
}
