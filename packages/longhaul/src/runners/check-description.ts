import { z } from 'zod'
import { LonghaulError } from '../errors/index.ts'
import type { ProcessorDescription } from '../processor/description.ts'
import type { JsonObject } from '../support/json.ts'

const schemaObject = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be a JSON Schema object',
)
const positive = z.number().positive().optional()
const slug = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, 'must be letters, digits, "-", "_" and ".", at most 64')

const describedAction = z.looseObject({
  name: z.string(),
  input: schemaObject,
  params: schemaObject,
  methods: z.array(z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])).min(1),
  timeout_ms: z.number().positive(),
  max_bytes: z.number().positive(),
})

/** What a processor of any language may say about itself. Unknown fields are dropped. */
const described = z.object({
  name: slug,
  version: z.string().min(1).max(200).optional(),
  description: z.string().default(''),
  input: schemaObject.default({ type: 'object' }),
  output: schemaObject.default({}),
  concurrency: z.int().min(1).optional(),
  timeout_ms: positive,
  silence_ms: positive,
  max_attempts: z.int().min(1).optional(),
  memory_bytes: positive,
  accepts_checkpoints: z.array(z.string()).optional(),
  reuse: z.boolean().optional(),
  queue: z.string().min(1).optional(),
  bins: z.boolean().optional(),
  runner: z.enum(['process', 'thread', 'inline']).optional(),
  rate_per_minute: positive,
  operation: z
    .object({
      slugs: z.array(z.object({ name: slug, plural: slug })).min(1),
      answers: z.string(),
      files: z.object({ single: slug, archive: slug, entry: slug }),
      max_assets: z.int().min(1),
      url_lifetime_seconds: z.number().positive(),
    })
    .optional(),
  runtime: z.string().optional(),
  jobs: z.boolean().optional(),
  actions: z.array(describedAction).optional(),
})

/** Checks one processor of a `describe` message and fills in what the file itself tells. Throws 'processor-broken'. */
export function checkDescription(raw: unknown, codeDigest: string): ProcessorDescription {
  const parsed = described.safeParse(raw)
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
    throw new LonghaulError(
      'processor-broken',
      `The processor describes itself wrongly: ${faults.join('; ')}`,
    )
  }
  const { version = `0.0.0+dev.${codeDigest.slice(0, 12)}`, ...rest } = parsed.data
  const given = Object.fromEntries(
    Object.entries(rest).filter(([, value]) => value !== undefined),
  ) as typeof rest
  return { ...given, version, code_digest: codeDigest } as ProcessorDescription
}
