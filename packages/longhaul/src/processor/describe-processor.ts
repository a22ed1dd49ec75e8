import { z } from 'zod'
import type { JsonObject } from '../support/json.ts'
import type { Action } from './action.ts'
import type { Processor } from './define-processor.ts'

/** The processor as plain data, in the words of the protocol's `describe` (processor/description.ts). */
export function describeProcessor(processor: Processor): JsonObject {
  const {
    version,
    concurrency,
    timeoutMs,
    silenceMs,
    memoryBytes,
    acceptsCheckpoints,
    reuse,
    queue,
    bins,
    ratePerMinute,
    operation,
  } = processor
  const optional = {
    version,
    concurrency,
    timeout_ms: timeoutMs,
    silence_ms: silenceMs,
    memory_bytes: memoryBytes,
    accepts_checkpoints: acceptsCheckpoints,
    reuse,
    queue,
    bins,
    ...(processor.jobs ? {} : { jobs: false }),
    ...describeActions(processor),
    rate_per_minute: ratePerMinute,
    operation: operation as JsonObject | undefined,
  }
  return {
    name: processor.name,
    description: processor.description,
    input: toJsonSchema(`the input of ${processor.name}`, processor.input),
    output: processor.output
      ? toJsonSchema(`the output of ${processor.name}`, processor.output)
      : {},
    max_attempts: processor.attempts,
    runner: processor.runner,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  }
}

function describeActions({ name, input, actions }: Processor): { readonly actions?: JsonObject[] } {
  const described = Object.entries(actions).map(([action, declared]) => {
    if (declared.respondAsync) checkAsync(`${name}.${action}`, declared, input)
    return describeAction(`${name}.${action}`, action, declared)
  })
  return described.length === 0 ? {} : { actions: described }
}

function describeAction(what: string, name: string, action: Action): JsonObject {
  const output =
    action.output === undefined ? undefined : toJsonSchema(`the output of ${what}`, action.output)
  const file = output?.['x-longhaul-file'] as { readonly media_type?: string } | undefined
  const ofFile = file?.media_type?.includes('*') === false ? file.media_type : undefined
  const optional = {
    summary: action.summary,
    description: action.description,
    output: file === undefined ? output : undefined,
    path: action.path,
    media_type: action.mediaType ?? ofFile,
    cache_control: action.cacheControl,
    rate: action.rate && { calls: action.rate.calls, per_ms: action.rate.perMs },
    respond_async: action.respondAsync || undefined,
    tags: action.tags,
  }
  return {
    name,
    input: toJsonSchema(`the input of ${what}`, action.input),
    params: toJsonSchema(`the path of ${what}`, action.params),
    methods: [...action.methods],
    timeout_ms: action.timeoutMs,
    max_bytes: action.maxBytes,
    ...(Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined),
    ) as JsonObject),
  }
}

/** Found when the file is loaded, not when somebody asks for the job. */
function checkAsync(what: string, action: Action, input: Processor['input']): void {
  const ofJobs = new Set(Object.keys(input.shape))
  const fields = [...Object.keys(action.input.shape), ...Object.keys(action.params.shape)]
  const strange = fields.filter((name) => !ofJobs.has(name))
  if (strange.length > 0)
    throw new TypeError(
      `${what} has respondAsync, but jobs of the processor have no field ${strange.join(', ')}`,
    )
}

/** A refinement or transform that JSON Schema cannot say is left to the processor's own check. */
function toJsonSchema(what: string, schema: z.ZodType): JsonObject {
  try {
    const { $schema: _, ...rest } = z.toJSONSchema(schema, {
      io: 'input',
      unrepresentable: 'any',
      // z.int() stands for "a safe integer"; its bounds would fill every form with noise.
      override: ({ jsonSchema }) => {
        if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
        if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
      },
    })
    return rest as JsonObject
  } catch (cause) {
    throw new TypeError(`Cannot describe ${what} as JSON Schema: ${(cause as Error).message}`, {
      cause,
    })
  }
}
