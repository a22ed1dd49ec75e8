import { ServiceError, TransferError, UnreachableError } from '../errors.ts'

/** Every failure of a compat client is one of these, under the names that clients of systems A and B had. */
export class CompatError extends Error {
  override readonly name: string = 'CompatError'
}

/** Any 404. */
export class JobNotFoundError extends CompatError {
  override readonly name = 'JobNotFoundError'
}

/** Any other refusal. */
export class ApiError extends CompatError {
  override readonly name = 'ApiError'
  readonly statusCode: number
  readonly detail: string

  constructor(statusCode: number, detail: string, options?: ErrorOptions) {
    super(`${statusCode} ${detail}`, options)
    this.statusCode = statusCode
    this.detail = detail
  }
}

/** No answer. */
export class NetworkError extends CompatError {
  override readonly name = 'NetworkError'
}

export class UploadError extends CompatError {
  override readonly name = 'UploadError'
}

export class DownloadError extends CompatError {
  override readonly name = 'DownloadError'
}

export class JobFailedError extends CompatError {
  override readonly name = 'JobFailedError'
  readonly jobId: string
  readonly errorMessage: string

  constructor(jobId: string, errorMessage: string) {
    super(`Job ${jobId} failed: ${errorMessage}`)
    this.jobId = jobId
    this.errorMessage = errorMessage
  }
}

export class JobTimeoutError extends CompatError {
  override readonly name = 'JobTimeoutError'
  readonly jobId: string
  readonly timeoutMs: number

  constructor(jobId: string, timeoutMs: number) {
    super(`Job ${jobId} did not end within ${timeoutMs} ms; it goes on`)
    this.jobId = jobId
    this.timeoutMs = timeoutMs
  }
}

/** What a request throws, in the words above. Others pass: an aborted signal's reason, a mistake in a call. */
export async function inOldWords<T>(
  request: Promise<T>,
  TransferFailure: typeof UploadError | typeof DownloadError = UploadError,
): Promise<T> {
  try {
    return await request
  } catch (cause) {
    if (cause instanceof ServiceError) {
      const { detail, title } = cause.problem
      const said = typeof detail === 'string' ? detail : (title ?? cause.message)
      if (cause.status === 404) throw new JobNotFoundError(said, { cause })
      throw new ApiError(cause.status, cause.status === 422 ? cause.message : said, { cause })
    }
    if (cause instanceof UnreachableError) throw new NetworkError(cause.message, { cause })
    if (cause instanceof TransferError) throw new TransferFailure(cause.message, { cause })
    throw cause
  }
}

/** The same methods, failing in the words above. */
export function allInOldWords<T extends object>(methods: T): T {
  const wrapped = Object.entries(methods).map(([name, method]) => [
    name,
    (...given: unknown[]) =>
      inOldWords((method as (...of: unknown[]) => Promise<unknown>)(...given)),
  ])
  return Object.fromEntries(wrapped) as T
}
