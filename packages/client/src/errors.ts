import { isProblemCode, problemDocument, type JobView, type ProblemCode } from '@longhaul/protocol'

/** What an error answer carries; a proxy in between may leave any of it out. */
export type AnsweredProblem = ReturnType<typeof answeredProblem.parse>
const answeredProblem = problemDocument.partial()

/**
 * The service said no. `code` is one of the problem catalogue, or `unknown` when the answer was not longhaul's (a proxy's
 * page) or is newer than this client; `problem` is the whole document.
 */
export class ServiceError extends Error {
  readonly code: ProblemCode | 'unknown'
  readonly status: number
  readonly problem: AnsweredProblem
  /** `GET http://…`: the request that was refused. */
  readonly request: string
  readonly retryAfterMs: number | undefined

  constructor(
    request: string,
    status: number,
    problem: AnsweredProblem,
    retryAfterMs: number | undefined,
  ) {
    const code = isProblemCode(problem.code) ? problem.code : 'unknown'
    super(
      `${sentenceOf(problem, status)} (${request} answered ${status} ${problem.code ?? ''}`.trimEnd() +
        ')',
    )
    this.name = 'ServiceError'
    this.code = code
    this.status = status
    this.problem = problem
    this.request = request
    this.retryAfterMs = retryAfterMs
  }
}

/** No answer at all, after every try. `cause` is what the network said last. */
export class UnreachableError extends Error {
  readonly url: string

  constructor(url: string, tries: number, cause: unknown) {
    const count = tries === 1 ? '' : ` after ${tries} tries`
    super(
      `Cannot reach ${url}: ${networkReason(cause)}${count}; check the address and that the service is running`,
      { cause },
    )
    this.name = 'UnreachableError'
    this.url = url
  }
}

/** Bytes did not arrive as they left: nothing wrong was kept. */
export class TransferError extends Error {
  readonly kind: 'checksum' | 'size' | 'source-changed' | 'local'

  constructor(kind: TransferError['kind'], message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'TransferError'
    this.kind = kind
  }
}

/** The job ended without a result: it failed, or was cancelled. `code` says why, as of a ServiceError. */
export class JobFailedError extends Error {
  readonly job: JobView
  readonly code: ProblemCode | 'unknown'

  constructor(job: JobView) {
    const code = job.problem?.code ?? job.status
    super(`${job.job_id} of ${job.processor} ${job.status}: ${job.error ?? code} (${code})`)
    this.name = 'JobFailedError'
    this.job = job
    this.code = isProblemCode(code) ? code : 'unknown'
  }
}

export const isServiceError = (error: unknown, code?: ProblemCode): error is ServiceError =>
  error instanceof ServiceError && (code === undefined || error.code === code)

/** Turns an error answer into the error to throw; never fails itself, whatever the body is. */
export async function toServiceError(request: string, response: Response): Promise<ServiceError> {
  const text = await response.text().catch(() => '')
  return new ServiceError(
    request,
    response.status,
    readProblem(text),
    retryAfterOf(response.headers.get('retry-after')),
  )
}

function readProblem(text: string): AnsweredProblem {
  try {
    const parsed = answeredProblem.safeParse(JSON.parse(text))
    if (parsed.success) return parsed.data
  } catch {
    // Not JSON: a proxy's page. Its words are no help to anyone.
  }
  return {}
}

function sentenceOf(problem: AnsweredProblem, status: number): string {
  if (problem.errors !== undefined && problem.errors.length > 0) {
    const reasons = problem.errors.map(
      ({ pointer, parameter, detail }) => `${parameter ?? fieldOf(pointer ?? '')}: ${detail}`,
    )
    return `${problem.title ?? 'Refused'}: ${reasons.join('; ')}`
  }
  if (typeof problem.detail === 'string' && problem.detail !== '') return problem.detail
  return problem.title ?? `The answer was HTTP ${status} without a word of longhaul's`
}

/** `/input/width` → `width`: the name a person gave, not the place in the body. */
const fieldOf = (pointer: string): string =>
  pointer.replace(/^\/(body\/)?(input\/)?/, '').replaceAll('/', '.') || 'input'

function retryAfterOf(header: string | null): number | undefined {
  if (header === null) return undefined
  const seconds = Number(header)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host name cannot be looked up now',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_SOCKET: 'the connection was closed before the answer',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped half way',
}

/** The error and what caused it, and what caused that. */
export function causesOf(error: unknown): readonly Error[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : []
}

/** In words, from the bottom of the chain of causes: fetch's own message says nothing. */
export function networkReason(error: unknown): string {
  let last = 'no answer'
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at.name === 'TimeoutError') return 'no answer in time'
    const code = (at as { code?: unknown }).code
    if (typeof code === 'string') last = reasons[code] ?? at.message
    else if (at.message !== 'fetch failed' && at.message !== '') last = at.message
    if (at instanceof AggregateError && at.errors.length > 0) return networkReason(at.errors[0])
  }
  return last
}
