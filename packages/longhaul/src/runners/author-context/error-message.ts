import type { ProblemCode } from '@longhaul/protocol'
import { inspect } from 'node:util'
import type { z } from 'zod'
import { isLonghaulError } from '../../errors/index.ts'
import type { ActionError, InvalidInputError, RetryableError } from '../../processor/index.ts'
import type { FromProcessor } from '../messages.ts'

export type ErrorMessage = Extract<FromProcessor, { type: 'error' }> & {
  /** What the service's own code calls it; not on the wire, where `code` is all there is. */
  readonly problem?: ProblemCode
  /** What it says beside its text; as little on the wire. */
  readonly facts?: Readonly<Record<string, unknown>>
}

/** Whatever the author's code threw, in the protocol's words. Classes are told by name: there may be two copies of them. */
export function toErrorMessage(thrown: unknown, signal: AbortSignal): ErrorMessage {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const base = {
    type: 'error',
    message: error.message || error.name,
    kind: error.name,
    trace: inspect(thrown).slice(0, 64 * 1024),
    ...(isLonghaulError(error.cause)
      ? { problem: error.cause.code, facts: error.cause.facts }
      : {}),
  } as const
  // Once the attempt is to stop, an error is how it stops: an AbortError of fetch as well as our own.
  if (signal.aborted) return { ...base, code: 'cancelled' }
  switch (error.name) {
    case 'InvalidInputError': {
      const { field } = error as InvalidInputError
      const errors = [{ pointer: toPointer([field]), detail: error.message }]
      return {
        ...base,
        code: 'invalid-input',
        message: `${field}: ${error.message}`,
        field,
        errors,
      }
    }
    case 'PermanentError':
      return { ...base, code: 'permanent' }
    case 'RetryableError': {
      const { retryAfterMs } = error as RetryableError
      return {
        ...base,
        code: 'transient',
        ...(typeof retryAfterMs === 'number' && retryAfterMs >= 0
          ? { retry_after_ms: retryAfterMs }
          : {}),
      }
    }
    case 'ActionError':
      return { ...base, code: 'permanent', status: (error as ActionError).status }
    default:
      return { ...base, code: 'transient' }
  }
}

export function invalidInput(error: z.ZodError): ErrorMessage {
  const errors = error.issues.map((issue) => ({
    pointer: toPointer(issue.path),
    detail: issue.message,
  }))
  return {
    type: 'error',
    code: 'invalid-input',
    message: error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
    errors,
    ...(typeof error.issues[0]?.path[0] === 'string' ? { field: error.issues[0].path[0] } : {}),
  }
}

/** RFC 6901. */
const toPointer = (path: readonly PropertyKey[]): string =>
  path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
