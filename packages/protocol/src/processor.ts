import { z } from 'zod'
import { jsonObject } from './primitives.ts'
import { jobProblem } from './job.ts'

/** `starting` until setup() is done; `broken` says in `problem` what went wrong. */
export const processorState = z.enum(['starting', 'ready', 'broken'])
export type ProcessorState = z.infer<typeof processorState>

/** One processor as `GET /processors` lists it. */
export const processorSummary = z.object({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  /** `python3.11`, `node24` … */
  runtime: z.string().nullable(),
  state: processorState,
  /** How long setup() took. */
  warm_ms: z.number().nullable(),
  problem: jobProblem.nullable(),
  links: z.object({ self: z.string(), run: z.string(), jobs: z.string() }),
})
export type ProcessorSummary = z.infer<typeof processorSummary>

/** A call of a processor that is answered at once. */
export const actionView = z.object({
  name: z.string(),
  description: z.string().nullable(),
  methods: z.array(z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])),
  /** Where it is answered besides `url`: `/append/{first}/{second}`. */
  path: z.string().nullable(),
  /** Its path below the service, to which what stands in `path` may be given as a query. */
  url: z.string(),
  /** JSON Schema 2020-12 of the body or the query. */
  input: jsonObject,
  /** The same of what stands in `path`. */
  params: jsonObject,
  /** Of what it answers; null where that is bytes, or any JSON. */
  output: jsonObject.nullable(),
  media_type: z.string().nullable(),
  timeout_seconds: z.number(),
  max_bytes: z.number(),
  respond_async: z.boolean(),
})
export type ActionView = z.infer<typeof actionView>

/** `GET /processors/{name}`: with its schemas. */
export const processorView = processorSummary
  .extend({
    /** JSON Schema 2020-12; a file field has `x-longhaul-file`. */
    input: jsonObject,
    output: jsonObject,
    concurrency: z.int().nullable(),
    timeout_seconds: z.number().nullable(),
    max_attempts: z.int(),
    code_digest: z.string().nullable(),
    /** None from a service of an earlier version. */
    actions: z.array(actionView).default([]),
  })
  .meta({ id: 'Processor' })
export type ProcessorView = z.infer<typeof processorView>

export const processorList = z.object({ processors: z.array(processorSummary) })
export type ProcessorList = z.infer<typeof processorList>
