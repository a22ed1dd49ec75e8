/**
 * The words an author has for a failure. Anything else that is thrown follows the job's retry policy.
 * Recognised by name, not by `instanceof`, so that two copies of the package understand each other.
 */

/** The input is wrong: answered as 422 with a pointer to `field`, never retried. */
export class InvalidInputError extends Error {
  readonly field: string

  /**
   * @example throw new InvalidInputError('width', 'must be even')
   */
  constructor(field: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'InvalidInputError'
    this.field = field
  }
}

/** Trying again would give the same: fails the job at once. */
export class PermanentError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'PermanentError'
  }
}

export interface RetryOptions extends ErrorOptions {
  readonly message?: string
  /** Wait this long instead of the policy's own pause. */
  readonly retryAfterMs?: number
}

/** May go well later, for example when a remote service is back. */
export class RetryableError extends Error {
  readonly retryAfterMs: number | undefined

  /**
   * @example throw new RetryableError({ message: 'the archive answered 503', retryAfterMs: 60_000 })
   */
  constructor(options: RetryOptions | string = {}) {
    const { message = 'Trying again may help.', ...rest } =
      typeof options === 'string' ? { message: options } : options
    super(message, rest)
    this.name = 'RetryableError'
    this.retryAfterMs = rest.retryAfterMs
  }
}

/** What `track`, `progress` and writers throw once the attempt is to stop. Let it pass. */
export class CancelledError extends Error {
  readonly reason: string

  constructor(reason: string) {
    super(`The attempt was asked to stop: ${reason}.`)
    this.name = 'CancelledError'
    this.reason = reason
  }
}

const actionStatuses = [400, 403, 404, 409, 413, 415, 422, 429, 500, 502, 503, 504] as const
export type ActionStatus = (typeof actionStatuses)[number]

/** An action's own refusal: answered with this status and this text, as a problem like any other. */
export class ActionError extends Error {
  readonly status: ActionStatus

  /**
   * @example throw new ActionError(400, `There is no format ${format}`)
   */
  constructor(status: ActionStatus, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ActionError'
    if (!actionStatuses.includes(status))
      throw new TypeError(`An ActionError has one of the statuses ${actionStatuses.join(', ')}`)
    this.status = status
  }
}
