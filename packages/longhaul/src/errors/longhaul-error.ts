import { catalogue, type ProblemCode } from '@longhaul/protocol'

export interface ErrorOptionsWithFacts {
  /** Public: becomes part of the problem document. Never put a secret or a machine path here. */
  facts?: Record<string, unknown>
  /** Private: is logged, never leaves the process. */
  cause?: unknown
}

/** A failure that has a name in the catalogue. Everything else is a bug and answered as `internal`. */
export class LonghaulError extends Error {
  readonly code: ProblemCode
  readonly facts: Record<string, unknown>

  constructor(code: ProblemCode, message: string, options: ErrorOptionsWithFacts = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'LonghaulError'
    this.code = code
    this.facts = options.facts ?? {}
  }

  get status(): number {
    return catalogue[this.code].status
  }
}

/** Narrows by code; works across copies of the package, unlike `instanceof`. */
export function isLonghaulError(error: unknown, code?: ProblemCode): error is LonghaulError {
  if (!(error instanceof Error) || error.name !== 'LonghaulError') return false
  return code === undefined || (error as LonghaulError).code === code
}
