import {
  describeProcessor,
  fileFieldsOf,
  isRenderedBytes,
  type Action,
  type ActionDescription,
  type Processor,
} from '../../processor/index.ts'
import type { JsonObject } from '../../support/json.ts'
import type { CallMessage, FromProcessor } from '../messages.ts'
import { authorLog } from './author-log.ts'
import type { Channel } from './channel.ts'
import { invalidInput, toErrorMessage, type ErrorMessage } from './error-message.ts'
import { toInputFile } from './input-files.ts'
import { checkResult } from './result-value.ts'

type Head = Omit<Extract<FromProcessor, { type: 'answer' }>, 'type' | 'length'>
/** What is to be said of one call. */
export type ActionEnd =
  | ErrorMessage
  | {
      readonly type: 'answer'
      readonly head: Head
      /** Whole, or as it comes. */
      readonly body: Uint8Array | AsyncIterable<Uint8Array | string>
    }

/** One call of an action of a TypeScript processor, as far as its answer. Never rejects. */
export async function runAction(options: {
  readonly processor: Processor
  readonly warm: unknown
  readonly message: CallMessage
  readonly channel: Channel
  readonly signal: AbortSignal
}): Promise<ActionEnd> {
  const { processor, warm, message, channel, signal } = options
  try {
    const action = processor.actions[message.action]
    const described = descriptionsOf(processor).find(({ name }) => name === message.action)
    if (action === undefined || described === undefined)
      throw new Error(`${processor.name} has no action ${message.action} any more.`)
    const input = await action.input.safeParseAsync(withFiles(described, message.input))
    if (!input.success) return invalidInput(input.error)
    const params = await action.params.safeParseAsync(message.params)
    if (!params.success) return { ...invalidInput(params.error), status: 400 }
    const ctx = { input: input.data, params: params.data, signal, log: authorLog(channel), warm }
    return await toAnswer(await action.run(ctx as never), action, described)
  } catch (error) {
    return toErrorMessage(error, signal)
  }
}

async function toAnswer(
  value: unknown,
  action: Action,
  described: ActionDescription,
): Promise<ActionEnd> {
  const rendered = isRenderedBytes(value) ? value : undefined
  const data = rendered ? rendered.data : value
  const { mediaType = described.media_type, status = 200, headers = {} } = rendered ?? {}
  const head = {
    status,
    headers: { ...headers },
    media_type: mediaType ?? 'application/octet-stream',
  }
  if (typeof data === 'string' && mediaType !== undefined)
    return { type: 'answer', head, body: Buffer.from(data) }
  if (data instanceof Uint8Array) return { type: 'answer', head, body: data }
  if (isStream(data)) return { type: 'answer', head, body: data }
  const json = (await checkResult(data, action.output)).toJson()
  return {
    type: 'answer',
    head: { ...head, media_type: mediaType ?? 'application/json; charset=utf-8' },
    body: Buffer.from(JSON.stringify(json)),
  }
}

const isStream = (value: unknown): value is AsyncIterable<Uint8Array | string> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

const described = new WeakMap<Processor, readonly ActionDescription[]>()

function descriptionsOf(processor: Processor): readonly ActionDescription[] {
  const known = described.get(processor)
  if (known) return known
  const actions = (describeProcessor(processor)['actions'] ?? []) as unknown as ActionDescription[]
  described.set(processor, actions)
  return actions
}

function withFiles({ input: schema }: ActionDescription, input: JsonObject) {
  const revived: Record<string, unknown> = { ...input }
  for (const { name, many } of fileFieldsOf(schema)) {
    const staged = revived[name] as never
    if (staged === undefined || staged === null) continue
    revived[name] = many ? (staged as never[]).map(toInputFile) : toInputFile(staged)
  }
  return revived
}
