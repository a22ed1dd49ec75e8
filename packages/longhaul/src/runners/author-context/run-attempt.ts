import { mkdirSync } from 'node:fs'
import {
  describeProcessor,
  fileFieldsOf,
  type InputSpec,
  type Processor,
  type RunContext,
} from '../../processor/index.ts'
import type { JsonObject } from '../../support/json.ts'
import type { FromProcessor, RunMessage } from '../messages.ts'
import type { AttemptOrders } from './attempt-orders.ts'
import { authorLog } from './author-log.ts'
import type { Channel } from './channel.ts'
import { Checkpoints } from './checkpoints.ts'
import { invalidInput, toErrorMessage, type ErrorMessage } from './error-message.ts'
import { reviveFiles } from './input-files.ts'
import { AttemptOutputs } from './outputs.ts'
import { progressFunction, ProgressReporter, trackFunction } from './progress-reporter.ts'
import { checkResult } from './result-value.ts'

export type AttemptEnd = Extract<FromProcessor, { type: 'result' }> | ErrorMessage

/**
 * One attempt of a TypeScript processor, from the run message to the last word, whatever process it is in. Never rejects.
 * When it resolves, everything the author awaited, and every output, has been said on the channel.
 */
export async function runAttempt(options: {
  readonly processor: Processor
  readonly warm: unknown
  readonly message: RunMessage
  readonly channel: Channel
  readonly orders: AttemptOrders
}): Promise<AttemptEnd> {
  const { processor, warm, message, channel, orders } = options
  const { signal } = orders
  const reporter = new ProgressReporter(channel)
  const outputs = new AttemptOutputs(channel, message, signal)
  try {
    const { input: given, inputs } = reviveFiles(inputOf(processor), message.input, message.inputs)
    const parsed = await processor.input.safeParseAsync(given)
    if (!parsed.success) return invalidInput(parsed.error)
    const input = parsed.data
    const ctx: RunContext<InputSpec, unknown> = {
      input: input,
      params: withoutFiles(input, inputOf(processor)),
      inputs,
      warm,
      signal,
      get workspace() {
        mkdirSync(message.workspace, { recursive: true }) // it may not be there yet
        return message.workspace
      },
      jobId: message.job_id,
      attempt: message.attempt,
      track: trackFunction(reporter, signal),
      progress: progressFunction(reporter, signal),
      log: authorLog(channel),
      outputs: outputs.forAuthor,
      restored: message.restored,
      checkpoint: new Checkpoints(channel, orders, outputs).offer,
    }
    signal.throwIfAborted()
    const result = await checkResult(await processor.run(ctx), processor.output)
    await outputs.finish(result.files)
    return { type: 'result', value: result.toJson() }
  } catch (error) {
    return toErrorMessage(error, signal)
  } finally {
    await outputs.close()
    reporter.flush()
  }
}

const inputSchemas = new WeakMap<Processor, JsonObject>()

function inputOf(processor: Processor): JsonObject {
  const known = inputSchemas.get(processor)
  if (known) return known
  const schema = describeProcessor(processor)['input'] as JsonObject
  inputSchemas.set(processor, schema)
  return schema
}

function withoutFiles(input: Record<string, unknown>, schema: JsonObject) {
  const files = new Set(fileFieldsOf(schema).map(({ name }) => name))
  return Object.fromEntries(Object.entries(input).filter(([name]) => !files.has(name)))
}
