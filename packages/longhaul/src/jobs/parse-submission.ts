import { jobId, jobSubmission, submissionOptions } from '@longhaul/protocol'
import { z } from 'zod'
import { LonghaulError } from '../errors/index.ts'
import type { JsonObject } from '../support/json.ts'
import { boundedList, invalidRequest, laxInteger, parseRequest } from '../validation/index.ts'
import type { JobId, Manifest, Priority } from './job.ts'
import { parseManifest } from './parse-manifest.ts'

export interface SubmissionOptions {
  readonly priority?: Priority
  readonly timeoutSeconds?: number
  readonly maxAttempts?: number
  readonly idempotencyKey?: string
  readonly delaySeconds?: number
  readonly expiresInSeconds?: number
  readonly dependsOn?: readonly JobId[]
  readonly onDependency?: 'completed' | 'any'
  readonly callbackUrl?: string
  readonly reuse?: boolean
  readonly tags?: readonly string[]
}
export type ParsedSubmission =
  | {
      readonly family: 'input'
      readonly input: JsonObject
      readonly options: SubmissionOptions
    }
  | {
      readonly family: 'manifest'
      readonly manifest: Manifest
      readonly parameters: JsonObject
      readonly options: SubmissionOptions
    }

/** `a,b` and `a&depends_on=b` are both two. */
export function listed(given: unknown): unknown {
  if (given === undefined) return undefined
  const texts = [given].flat().filter((one) => typeof one === 'string')
  return texts.flatMap((text) => text.split(',')).filter((word) => word !== '')
}

/** What a submission may say in its URL; a JSON body says the same and wins. */
export const submissionQuery = z.object({
  processor: z.string().optional(),
  priority: laxInteger(submissionOptions.shape.priority),
  timeout_seconds: z.coerce.number().positive().optional(),
  max_attempts: laxInteger(submissionOptions.shape.max_attempts),
  idempotency_key: submissionOptions.shape.idempotency_key,
  delay_seconds: z.coerce.number().min(0).max(1e9).optional(),
  expires_in_seconds: z.coerce.number().positive().max(1e9).optional(),
  depends_on: z.preprocess(listed, submissionOptions.shape.depends_on),
  on_dependency: submissionOptions.shape.on_dependency,
  callback_url: submissionOptions.shape.callback_url,
  reuse: z.stringbool().optional(),
  tag: z.preprocess(listed, submissionOptions.shape.tags),
})
export type SubmissionQuery = z.infer<typeof submissionQuery>

/** It was parsed from JSON a moment ago: to ask of each value whether it is JSON would take seconds. */
const parsedObject = z.record(z.string(), z.unknown())
const inputBody = jobSubmission.extend({
  input: parsedObject,
  depends_on: boundedList(jobId, { max: 1000 }).optional(),
})

/** Which kind of job a JSON body describes is told by its keys: `input`, or one of the manifests. */
export function parseSubmission(body: unknown, query: SubmissionQuery): ParsedSubmission {
  const fields = parseRequest(parsedObject, body, 'body')
  const hasManifest = fields['manifest_uri'] != null || fields['manifest_inline'] != null
  const hasInput = fields['input'] !== undefined
  if (hasManifest && hasInput) throw ambiguous('"input" and a manifest')
  for (const one of [fields['input'], fields['parameters']]) refuseManyFields(one)
  if (hasInput) {
    const { input, ...options } = parseRequest(inputBody, body, 'body')
    return { family: 'input', input: input as JsonObject, options: optionsOf(query, options) }
  }
  const { options, ...parsed } = parseManifest(body, fields)
  return { family: 'manifest', ...parsed, options: optionsOf(query, options) }
}

/** No processor has so many, and each costs more than its bytes. */
const maxFields = 10_000

export function refuseManyFields(input: unknown): void {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return
  const { length } = Object.keys(input)
  if (length > maxFields)
    throw new LonghaulError(
      'bad-request',
      `The input has ${length} fields; at most ${maxFields} are read.`,
    )
}

export function optionsOf(
  query: SubmissionQuery,
  body: z.infer<typeof submissionOptions> = {},
): SubmissionOptions {
  const said = { ...withoutUndefined(query), ...withoutUndefined(body) }
  return withoutUndefined({
    priority: said.priority as Priority | undefined,
    timeoutSeconds: said.timeout_seconds,
    maxAttempts: said.max_attempts,
    // An empty key is none, as the older services have it.
    idempotencyKey: body.idempotency_key || query.idempotency_key || undefined,
    delaySeconds: said.delay_seconds,
    expiresInSeconds: said.expires_in_seconds,
    dependsOn: said.depends_on?.length === 0 ? undefined : said.depends_on,
    onDependency: said.on_dependency,
    callbackUrl: body.callback_url || query.callback_url || undefined,
    reuse: said.reuse,
    tags: tagsOf(body.tags ?? query.tag),
  })
}

/** Each once; none is no list. */
const tagsOf = (tags: readonly string[] = []): readonly string[] | undefined =>
  tags.length === 0 ? undefined : [...new Set(tags)]

const withoutUndefined = <T extends object>(
  from: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(from).filter(([, value]) => value !== undefined)) as never

/** The body's own wish, where several processors share one route. */
export function processorNamed(body: unknown, query: SubmissionQuery): string | undefined {
  const named = (body as { processor?: unknown } | null | undefined)?.processor
  if (named == null) return query.processor
  if (typeof named === 'string') return named
  throw invalidRequest([
    { type: 'string_type', loc: ['body', 'processor'], msg: 'Input should be a valid string' },
  ])
}

const ambiguous = (both: string): LonghaulError =>
  new LonghaulError('ambiguous-job', `The body has ${both}; keep one of them.`)
