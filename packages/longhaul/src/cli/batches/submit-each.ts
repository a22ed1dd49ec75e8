import { createHash, randomUUID } from 'node:crypto'
import { isServiceError, type Client } from '@longhaul/client'
import { fileSource } from '@longhaul/client/node'
import type { BatchSubmission, BatchView, ProcessorView } from '@longhaul/protocol'
import { canonicalJson } from '../../support/canonical-json.ts'
import type { JsonObject } from '../../support/json.ts'
import type { Context } from '../command.ts'
import { bytes, counted } from '../format/quantity.ts'
import { readInputWords, type InputWords } from '../input-words.ts'
import { sendFiles } from '../send-files.ts'
import { uploadMemory } from '../upload-memory.ts'
import { filesOfEach, parseEach, prefixOf, type Each } from './each-files.ts'
import { openEachMemory, type EachFile, type EachMemory } from './each-memory.ts'
import { sendEach } from './send-each.ts'

export interface EachRequest {
  readonly processor: ProcessorView
  /** As `--each` says it. */
  readonly each: string
  readonly words: readonly string[]
  readonly priority: number | undefined
  readonly idempotencyKey: string | undefined
  /** A batch of its own, whatever was submitted before. */
  readonly isNew: boolean
  readonly tags: readonly string[] | undefined
  readonly isDryRun: boolean
  readonly signal: AbortSignal
}

/** Uploads what is missing and makes one batch of it; given again, the same files and values are the same batch. */
export async function submitEach(
  client: Client,
  request: EachRequest,
  context: Pick<Context, 'cwd' | 'env' | 'output'>,
): Promise<BatchView | undefined> {
  const { processor } = request
  const { cwd, env, output } = context
  const each = parseEach(request.each, processor.name, processor.input)
  const input = await readInputWords(request.words, without(processor.input, each.field), cwd)
  const prefix = prefixOf(each.pattern)
  const files = prefix === undefined ? await filesOfEach(each, cwd) : []
  const memory = await openEachMemory(client.url, processor.name, env)
  if (request.isDryRun) {
    report(each, files, memory, context)
    return undefined
  }
  const send = async (): Promise<BatchView> => {
    const sent = await sendEach(client, files, memory, output, request.signal)
    const identity = sent.map(({ name, sha256 }) => [name, sha256])
    const parameters = {
      ...input.values,
      ...(await sendFiles(client, input, uploadMemory(client.url, env), output, request.signal)),
    } as NonNullable<BatchSubmission['parameters']>
    return client.batches.submit(processor.name, {
      ...(prefix ?? { items: sent.map(({ name, uploadId }) => ({ upload_id: uploadId, name })) }),
      field: each.field,
      parameters,
      priority: request.priority,
      reuse: !request.isNew,
      ...(request.tags === undefined ? {} : { tags: [...request.tags] }),
      idempotencyKey:
        request.idempotencyKey ?? (await keyOf(request, each, input, prefix ?? identity)),
      signal: request.signal,
    })
  }
  try {
    return await send()
  } catch (error) {
    // The service may have lost what we remember of it, as a new data directory has.
    const isAboutFiles =
      isServiceError(error, 'invalid-request') && /There is no upload/.test(error.message)
    if (!isAboutFiles) throw error
    output.say('  the service does not know these uploads any more; sending them again')
    await memory.forget()
    return send()
  }
}

/** The processor's version, the values and the contents: what makes two requests the same. */
async function keyOf(
  { processor, isNew }: EachRequest,
  { field }: Each,
  input: InputWords,
  items: unknown,
): Promise<string> {
  if (isNew) return `new-${randomUUID()}`
  const files: [string, unknown][] = []
  for (const [name, { named }] of Object.entries(input.files))
    for (const file of named)
      files.push([name, 'uri' in file ? file.uri : await (await fileSource(file.path)).sha256?.()])
  const identity = [processor.name, processor.version, field, input.values, files, items]
  return `each-${createHash('sha256').update(canonicalJson(identity)).digest('hex')}`
}

function report(
  { field, pattern }: Each,
  files: readonly EachFile[],
  memory: EachMemory,
  { output }: Pick<Context, 'output'>,
): void {
  const isThere = (file: EachFile): boolean => memory.recall(file)?.sha256 !== undefined
  const missing = files.filter((file) => !isThere(file))
  const size = (some: readonly EachFile[]) => some.reduce((sum, one) => sum + one.size, 0)
  for (const file of files) output.data(file.name)
  output.object('dry-run', {
    field,
    pattern,
    ...{ files: files.length, size_bytes: size(files) },
    ...{ missing_files: missing.length, missing_bytes: size(missing) },
  })
  output.say(
    `  ${counted(files.length, 'file')}, ${bytes(size(files))}; ${counted(missing.length, 'file')}, ${bytes(size(missing))} to upload. Nothing was sent.`,
  )
}

/** The schema without the input that the items fill. */
function without(schema: JsonObject, field: string): JsonObject {
  const properties = Object.entries((schema['properties'] ?? {}) as JsonObject)
  const required = (schema['required'] ?? []) as readonly string[]
  return {
    ...schema,
    properties: Object.fromEntries(properties.filter(([name]) => name !== field)),
    required: required.filter((name) => name !== field),
    additionalProperties: false,
  }
}
