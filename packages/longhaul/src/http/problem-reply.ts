import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { FieldError, ProblemCode, ProblemDocument, ValidationDetail } from '@longhaul/protocol'
import { isLonghaulError, LonghaulError, toProblem } from '../errors/index.ts'
import { hideMachinePaths } from '../support/machine-paths.ts'

/** Fastify's own refusals by their code. Whatever is not here and not ours is a bug: `internal`. */
const foreign: Record<string, ProblemCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'bad-request',
  FST_ERR_BAD_URL: 'bad-request',
  FST_ERR_INVALID_URL: 'bad-request',
  FST_ERR_MAX_PARAM_LENGTH: 'bad-request',
  FST_ERR_NOT_FOUND: 'not-found',
  FST_REQ_FILE_TOO_LARGE: 'body-too-large',
  FST_PARTS_LIMIT: 'body-too-large',
  FST_FILES_LIMIT: 'body-too-large',
  FST_FIELDS_LIMIT: 'body-too-large',
  FST_PROTO_VIOLATION: 'bad-request',
  FST_INVALID_JSON_FIELD_ERROR: 'malformed-body',
  FST_MP_PREMATURE_CLOSE: 'bad-request',
  FST_INVALID_MULTIPART_CONTENT_TYPE: 'unsupported-media-type',
}

/** What passes by itself, and when it is worth asking again, in seconds. */
const passing: Readonly<Record<string, number | undefined>> = {
  unavailable: 5,
  'processor-not-ready': 5,
}

/** Answers any thrown value. The one place where an error becomes a response. */
export function replyWithProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const known = nameOf(error) ?? nameOfBreak(error, request)
  const document = problemDocument(known ?? error, request.id)
  if (document.status >= 500 && known === undefined) request.log.error({ err: error }, 'unexpected')
  const retryAfter = document['retry_after_seconds'] ?? passing[document.code]
  if (typeof retryAfter === 'number') void reply.header('retry-after', String(retryAfter))
  void reply.header('x-request-id', request.id)
  return reply.code(document.status).type('application/problem+json').send(document)
}

function problemDocument(error: unknown, requestId: string): ProblemDocument {
  const problem = toProblem(error, `urn:longhaul:request:${requestId}`)
  const { details, errors, ...rest } = problem
  const document = {
    ...rest,
    detail: hideMachinePaths(problem.detail),
    ...(errors === undefined ? {} : { errors: (errors as FieldError[]).map(withoutPaths) }),
    error: problem.title,
    request_id: requestId,
  } as ProblemDocument
  if (problem.status === 422)
    document.detail = (details as ValidationDetail[] | undefined) ?? detailsFrom(document)
  return document
}

/** What an author's code said about a field may name files of this machine. */
const withoutPaths = (error: FieldError): FieldError => ({
  ...error,
  detail: hideMachinePaths(error.detail),
})

/** Whoever sent half a body and left hears nothing, and it is no bug of ours. */
const nameOfBreak = (error: unknown, { raw }: FastifyRequest): LonghaulError | undefined =>
  raw.errored !== null && error === raw.errored
    ? new LonghaulError('bad-request', 'The request ended before its body did.', { cause: error })
    : undefined

function nameOf(error: unknown): LonghaulError | undefined {
  if (isLonghaulError(error)) return error
  if (error instanceof RangeError && /call stack/i.test(error.message))
    return new LonghaulError('malformed-body', 'The body is nested too deeply.', { cause: error })
  const code = foreign[(error as FastifyError | undefined)?.code ?? '']
  // Some quote all of what they refuse.
  const { message } = (error ?? {}) as Error
  return code && new LonghaulError(code, shortened(message), { cause: error })
}

const shortened = (text: string): string =>
  text.length <= 500 ? text : `${text.slice(0, 200)}…${text.slice(-200)}`

/** A 422 that names fields by pointer only, such as a processor's own refusal. */
function detailsFrom({ detail, errors = [] }: ProblemDocument): ValidationDetail[] {
  if (errors.length === 0) return [{ type: 'value_error', loc: ['body'], msg: detail as string }]
  return errors.map(({ pointer = '', detail: msg }) => ({
    type: 'value_error',
    loc: ['body', ...pointer.split('/').slice(1)],
    msg,
  }))
}
