import { callableSubmission, taskSubmission } from '@longhaul/protocol'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { checkCallback, prepareCall, submissionOptionsOf, submitJob } from '../jobs/index.ts'
import type { Job } from '../jobs/job.ts'
import type { Runner } from '../runners/runner.ts'
import type { JsonObject } from '../support/json.ts'
import { parseRequest } from '../validation/index.ts'
import { entrypointFor, listedCallables, taskFor } from './listed.ts'

export interface SubmittedCall {
  readonly job: Job
  readonly created: boolean
}
interface Request {
  readonly body: unknown
  readonly query: unknown
  readonly owner: string
  readonly headers: Readonly<Record<string, unknown>>
}

/** It was parsed from JSON a moment ago: to ask of each value whether it is JSON would take seconds. */
const loose = z.record(z.string(), z.unknown()).nullish()
const call = callableSubmission.extend({ parameters: loose })
const task = taskSubmission.extend({ params: loose, parameters: loose })

/** Undefined where `POST /jobs` asks for another kind of job. Throws 'ambiguous-job', and what entrypointFor throws. */
export async function submitCall(
  services: Services,
  request: Request,
): Promise<SubmittedCall | undefined> {
  if (!isCall(services, request)) return undefined
  const { parameters, entrypoint, ...options } = parseRequest(call, request.body, 'body')
  const said = entrypoint?.trim() || services.config.callables.entrypoint
  if (said === undefined)
    throw new LonghaulError(
      'entrypoint-required',
      'Name an entrypoint that GET /callables lists; the operator has set none to call without one (MDPS_ENTRYPOINT).',
    )
  return submit(services, request, entrypointFor(services, said), parameters, options)
}

/** `POST /run/{task}`: the task of that name, or the one that is set where none is named. */
export async function submitTask(
  services: Services,
  request: Request,
  name: string | undefined,
): Promise<SubmittedCall> {
  const { entrypoint } = services.config.callables
  if (name === undefined && entrypoint === undefined)
    throw new LonghaulError('entrypoint-required', 'Name a task: POST /run/{task}.')
  const runner =
    name === undefined ? entrypointFor(services, entrypoint ?? '') : taskFor(services, name)
  const { params, parameters, ...options } = parseRequest(task, request.body ?? {}, 'body')
  if (params != null && parameters != null)
    throw new LonghaulError('bad-request', 'The body has params and parameters; keep one of them.')
  return submit(services, request, runner, params ?? parameters, options)
}

async function submit(
  services: Services,
  request: Request,
  { description }: Runner,
  parameters: z.infer<typeof loose>,
  given: object,
): Promise<SubmittedCall> {
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value != null))
  const options = submissionOptionsOf(request, said)
  checkCallback(services, options.callbackUrl, 'body')
  const submission = prepareCall(
    services,
    description,
    (parameters ?? {}) as JsonObject,
    options,
    request.owner,
  )
  const submitted = await submitJob(services, submission)
  await services.reflectJob(submitted.job)
  return submitted
}

const ofOthers = ['job_type', 'manifest_uri', 'manifest_inline', 'input', 'processor']

/** The first family that the keys of a body name has it; without any, it is the call that is set. */
function isCall(services: Services, { body, query }: Request): boolean {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false
  if (body instanceof URLSearchParams) return false
  const fields = body as Readonly<Record<string, unknown>>
  const others = ofOthers.filter((key) => fields[key] != null)
  if ((query as { processor?: unknown }).processor !== undefined) others.push('?processor=')
  if (fields['entrypoint'] != null) {
    if (others.length === 0) return true
    throw new LonghaulError(
      'ambiguous-job',
      `The body has "entrypoint" and ${others.join(', ')}; keep those of one kind of job.`,
    )
  }
  if (others.length > 0) return false
  if (services.config.callables.entrypoint !== undefined) return true
  // Nothing else is served: what is missing is an entrypoint, and no manifest.
  const callables = listedCallables(services).length
  return callables > 0 && callables === services.runners.size + services.broken.length
}
