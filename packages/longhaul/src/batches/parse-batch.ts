import { batchSubmission } from '@longhaul/protocol'
import { z } from 'zod'
import { LonghaulError } from '../errors/index.ts'
import { fileFieldsOf, type FileField, type ProcessorDescription } from '../processor/index.ts'
import { didYouMean } from '../support/nearest.ts'
import type { JsonObject } from '../support/json.ts'
import { invalidRequest, parseRequest } from '../validation/index.ts'
import type { Priority } from '../jobs/job.ts'
import type { JobOfBatch } from './batch.ts'
import type { NewBatch } from './create-batch.ts'
import type { ItemSource } from './read-items.ts'

/** Items are looked at one by one, later; that values are JSON they have just shown by being parsed. */
const body = batchSubmission.extend({
  items: z.array(z.unknown()).optional(),
  parameters: z.record(z.string(), z.unknown()).optional(),
})
type Body = z.infer<typeof body>

export const parseBatchBody = (given: unknown): Body => parseRequest(body, given, 'body')

/** What a body asks of a processor. Throws 'invalid-request', 'ambiguous-job', 'manifest-required'. */
export function batchOf(
  said: Body,
  processor: ProcessorDescription,
  headerKey: string | undefined,
): Omit<NewBatch, 'owner' | 'scope'> {
  const parameters = (said.parameters ?? {}) as JsonObject
  const field = fieldOf(processor, said.field)
  if (field !== undefined && field.name in parameters)
    throw invalidRequest([
      {
        type: 'value_error',
        loc: ['body', 'parameters', field.name],
        msg: 'Each item brings its own file',
      },
    ])
  return {
    processor,
    parameters,
    field,
    source: sourceOf(said),
    job: jobOf(said, processor),
    callbackUrl: said.callback_url || undefined,
    tags: [...new Set(said.tags)],
    // An empty key is none, as elsewhere; the header wins.
    idempotencyKey: headerKey || said.idempotency_key || undefined,
  }
}

function sourceOf({ items, manifest_uri, prefix, match }: Body): ItemSource {
  const given = [items, manifest_uri, prefix].filter((one) => one !== undefined)
  if (given.length > 1)
    throw new LonghaulError(
      'ambiguous-job',
      'The body has more than one of items, manifest_uri and prefix; keep one of them.',
    )
  if (match !== undefined && prefix === undefined)
    throw new LonghaulError(
      'bad-request',
      'match chooses among the objects of a prefix; say which.',
    )
  if (items !== undefined) return { kind: 'list', items }
  if (manifest_uri !== undefined) return { kind: 'manifest', uri: manifest_uri }
  if (prefix !== undefined) return { kind: 'prefix', uri: prefix, match }
  throw new LonghaulError(
    'manifest-required',
    'Say what to process: items, manifest_uri, or prefix.',
  )
}

/** The field that is named, or the only one, or the only one that must be there; items may as well bring their whole input. */
function fieldOf(
  { name, input }: ProcessorDescription,
  named: string | undefined,
): FileField | undefined {
  const fields = fileFieldsOf(input)
  const find = (wanted: string): FileField => {
    const found = fields.find((field) => field.name === wanted)
    if (found !== undefined) return found
    const known = fields.map((field) => field.name)
    throw new LonghaulError(
      'bad-request',
      `${name} has no file input ${wanted}${didYouMean(wanted, known) || `; it has ${known.join(', ') || 'none'}`}.`,
    )
  }
  if (named !== undefined) return find(named)
  const required = fields.filter((field) => field.required)
  return fields.length === 1 ? fields[0] : required.length === 1 ? required[0] : undefined
}

function jobOf(said: Body, processor: ProcessorDescription): JobOfBatch {
  const { priority, timeout_seconds, max_attempts, reuse } = said
  const maxFailures = max_attempts ?? processor.max_attempts
  const timeoutMs =
    timeout_seconds === undefined ? processor.timeout_ms : Math.ceil(timeout_seconds * 1000)
  return {
    queue: processor.queue ?? processor.name,
    version: processor.version,
    ...(priority === undefined ? {} : { priority: priority as Priority }),
    ...(maxFailures === undefined ? {} : { maxFailures }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(reuse === undefined ? {} : { reuse }),
  }
}
