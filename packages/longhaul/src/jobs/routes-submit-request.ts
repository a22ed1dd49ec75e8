import type { submissionOptions } from '@longhaul/protocol'
import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { fileFieldsOf, type ProcessorDescription } from '../processor/index.ts'
import type { Runner } from '../runners/runner.ts'
import { parseRequest } from '../validation/index.ts'
import { baseUrlOf } from './base-url.ts'
import { checkCallback } from './check-callback.ts'
import {
  optionsOf,
  parseSubmission,
  processorNamed,
  submissionQuery,
  type SubmissionOptions,
} from './parse-submission.ts'
import { prepareForm, prepareJson } from './prepare-submission.ts'
import { processorFor } from './processor-for.ts'
import { processorInForm } from './processor-in-form.ts'
import { fieldsOf, formParts, readForm, type FormPart } from './read-form.ts'
import { newJobId } from './submit-job.ts'
import { submitOrReuse, type SubmittedOrReused } from './submit-or-reuse.ts'
import { uploadInstructions } from './upload-instructions.ts'

/** Makes a job of a request, whatever its body is. `accept` may refuse the processor before a body is read. */
export async function submitRequest(
  services: Services,
  request: FastifyRequest,
  accept: (runner: Runner) => void = () => {},
): Promise<SubmittedOrReused> {
  const query = parseRequest(submissionQuery, request.query, 'query')
  const find = (body?: unknown): ProcessorDescription => {
    const { processor } = request.params as { processor?: string }
    const runner = processorFor(services, processor ?? processorNamed(body, query))
    accept(runner)
    return runner.description
  }
  const options = withHeaderKey(optionsOf(query), request)
  checkCallback(services, options.callbackUrl, 'query')
  const named = (request.params as { processor?: string }).processor ?? query.processor
  if (request.isMultipart()) {
    const parts = formParts(() => request.parts() as AsyncIterable<FormPart>)
    if (named !== undefined || takesFieldProcessor(services))
      return submitForm(services, request, find(), parts, options)
    const chosen = await processorInForm(parts)
    return submitForm(services, request, find({ processor: chosen.name }), chosen.parts, options)
  }
  if (request.body instanceof URLSearchParams) {
    const { body } = request
    const inForm = named === undefined && !takesFieldProcessor(services)
    const description = find(inForm ? { processor: body.get('processor') } : undefined)
    if (inForm) body.delete('processor')
    const id = newJobId('processor')
    const form = { input: fieldsOf(body), files: new Set<never>(), keys: [] }
    return submitOrReuse(
      services,
      prepareForm(description, form, options, { owner: request.owner, id }),
    )
  }
  // Where the path names the processor, a bad name or a broken file is said before anything about the body.
  if ((request.params as { processor?: string }).processor !== undefined) find()
  const parsed = parseSubmission(request.body, query)
  checkCallback(services, parsed.options.callbackUrl, 'body')
  const submission = await prepareJson(
    services,
    find(request.body),
    { ...parsed, options: withHeaderKey(parsed.options, request) },
    request,
  )
  return submitOrReuse(services, submission)
}

/** Where one processor serves and has an input called `processor`, the field is that input. */
function takesFieldProcessor({ runners, broken }: Services): boolean {
  const served = [...runners.values()].filter(
    ({ description }) => description.callable === undefined,
  )
  const unserved = broken.filter(({ callable }) => callable === undefined)
  const [only, ...others] = served
  if (only === undefined || others.length + unserved.length > 0) return false
  return 'processor' in ((only.description.input['properties'] ?? {}) as object)
}

async function submitForm(
  services: Services,
  request: FastifyRequest,
  processor: ProcessorDescription,
  parts: AsyncIterable<FormPart>,
  options: SubmissionOptions,
): Promise<SubmittedOrReused> {
  const { config, storage } = services
  const baseUrl = baseUrlOf(config, request)
  const tooLarge = () =>
    new LonghaulError('body-too-large', uploadInstructions(config, processor, baseUrl))
  // Said before anything is read where the client announces it; the margin is for the form's own lines.
  const announced = Number(request.headers['content-length'])
  if (announced > config.maxInlineBytes + 1024 * 1024) throw tooLarge()
  await services.uploads.checkRoom(announced || 0)
  // A key may be that of a job that is there, and so may the result: a full queue refuses neither.
  const mayBeThere = options.idempotencyKey !== undefined || (options.reuse ?? processor.reuse)
  if (mayBeThere !== true) await services.engine.checkRoom(request.owner, 1)

  const id = newJobId('processor')
  const form = await readForm(parts, {
    storage,
    prefix: `${config.datasetsPrefix}/${id}`,
    fileFields: fileFieldsOf(processor.input),
    maxBytes: config.maxInlineBytes,
    tooLarge,
  })
  let created = false
  try {
    const submission = prepareForm(processor, form, options, { owner: request.owner, id })
    const submitted = await submitOrReuse(services, submission)
    created = submitted.created
    return submitted
  } finally {
    // Refused, or an earlier request with the same key had brought the same files.
    if (!created) await storage.delete(form.keys)
  }
}

/** What a request says beside its input: in the URL, in `said` of its body, in the header. */
export const submissionOptionsOf = (
  request: { readonly query: unknown; readonly headers: Readonly<Record<string, unknown>> },
  said: z.infer<typeof submissionOptions>,
): SubmissionOptions =>
  withHeaderKey(optionsOf(parseRequest(submissionQuery, request.query, 'query'), said), request)

/** The header wins: it is what HTTP libraries set on their own. */
function withHeaderKey(
  options: SubmissionOptions,
  { headers }: { readonly headers: Readonly<Record<string, unknown>> },
): SubmissionOptions {
  const key = headers['idempotency-key']
  if (typeof key !== 'string' || key === '') return options
  if (key.length <= 255) return { ...options, idempotencyKey: key }
  throw new LonghaulError('bad-request', 'An Idempotency-Key has at most 255 characters.')
}
