import { z } from 'zod'
import type { JsonObject } from '../support/json.ts'
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
