import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { LonghaulError } from '../../errors/index.ts'
import { describeProcessor, type Processor } from '../../processor/index.ts'
import { AttemptOrders } from '../../runners/author-context/attempt-orders.ts'
import { runAttempt, type AttemptEnd } from '../../runners/author-context/run-attempt.ts'
import type { CheckpointMessage, FromProcessor } from '../../runners/messages.ts'
import type { Json } from '../../support/json.ts'
import { stageInput, type TestInput } from './stage-input.ts'

export interface RunProcessorOptions {
  /** What `setup` would have made. @default what the processor's own `setup` makes */
  readonly warm?: unknown
  /** Begins where an earlier run kept this, as the next attempt after a lost worker. */
  readonly restored?: TestCheckpoint
  /** Ends the run as a worker that drains does: at its first checkpoint. @default false */
  readonly drain?: boolean
  readonly signal?: AbortSignal
}
export interface TestOutput {
  readonly name: string
  readonly mediaType: string | undefined
  readonly bytes: Buffer
  text(): string
  json(): unknown
}
/** A checkpoint that the processor took, with the bytes of its files at that moment. */
export interface TestCheckpoint {
  readonly state: Json
  readonly files: Readonly<Record<string, Buffer>>
  readonly writers: CheckpointMessage['writers']
}
export interface ProcessorRun {
  /** What `run` returned, as JSON: a file in it is `{ $output: name }`. Undefined: it ended at a checkpoint (`drain`). */
  readonly value: Json | undefined
  /** By name. */
  readonly outputs: ReadonlyMap<string, TestOutput>
  readonly progress: readonly Extract<FromProcessor, { type: 'progress' }>[]
  readonly log: readonly Extract<FromProcessor, { type: 'log' }>[]
  readonly checkpoints: readonly TestCheckpoint[]
}

/**
 * Runs a processor once, in this process and without a service, as a worker would: the input is checked, files are staged,
 * outputs collected, the result checked. Rejects with a LonghaulError of the code that the job would have (`invalid-input`,
 * `permanent`, `transient`). Its folder is gone afterwards; the current directory is not changed.
 *
 * @example
 * const { value, outputs } = await runProcessor(wordCount, { texts: [{ name: 'a.txt', content: 'one two' }] })
 */
export async function runProcessor(
  processor: Processor,
  input: TestInput = {},
  options: RunProcessorOptions = {},
): Promise<ProcessorRun> {
  const workspace = await mkdtemp(path.join(tmpdir(), 'longhaul-test-'))
  try {
    return await runIn(workspace, processor, input, options)
  } finally {
    await rm(workspace, { recursive: true, force: true })
  }
}

async function runIn(
  workspace: string,
  processor: Processor,
  given: TestInput,
  { warm, restored, drain = false, signal }: RunProcessorOptions,
): Promise<ProcessorRun> {
  describeProcessor(processor) // a schema that cannot be described cannot be served
  const staged = await stageInput(processor, given, workspace)
  for (const [name, bytes] of Object.entries(restored?.files ?? {})) {
    await mkdir(path.dirname(path.join(workspace, name)), { recursive: true })
    await writeFile(path.join(workspace, name), bytes)
  }
  const log: Extract<FromProcessor, { type: 'log' }>[] = []
  const say =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (text: string): void =>
      void log.push({ type: 'log', level, text })
  const boot = {
    folder: process.cwd(),
    log: { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') },
  }
  const made = warm === undefined ? await processor.setup?.(boot) : warm

  const outputs = new Map<string, Promise<TestOutput>>()
  const progress: Extract<FromProcessor, { type: 'progress' }>[] = []
  const checkpoints: TestCheckpoint[] = []
  const orders = new AttemptOrders()
  const abort = (): void => orders.stop('cancelled')
  signal?.addEventListener('abort', abort, { once: true })
  if (drain) orders.heed({ type: 'drain' })
  let kept = Promise.resolve()
  const keep = async (message: CheckpointMessage): Promise<void> => {
    checkpoints.push(await checkpointOf(workspace, message))
    orders.heed({ type: 'checkpointed', saved: true, ...(drain ? { stop: true } : {}) })
  }
  const send = (message: FromProcessor): void => {
    if (message.type === 'progress') progress.push(message)
    else if (message.type === 'log') log.push(message)
    else if (message.type === 'output') outputs.set(message.name, takeOutput(workspace, message))
    else if (message.type === 'checkpoint') kept = kept.then(() => keep(message))
  }
  const end = await runAttempt({
    processor,
    warm: made,
    message: {
      type: 'run',
      job_id: 'j_test',
      attempt: restored === undefined ? 1 : 2,
      attempt_id: 'j_test.1.test',
      processor: processor.name,
      workspace,
      ...staged,
      inputs: [...staged.inputs],
      ...(restored === undefined
        ? {}
        : { restored: restored.state, restored_writers: [...restored.writers] }),
      limits: { records_file_bytes: 64 * 2 ** 20, shard_bytes: 256 * 2 ** 20 },
    },
    channel: { send },
    orders,
  })
  signal?.removeEventListener('abort', abort)
  await kept
  const drained = drain && checkpoints.length > 0
  const value = valueOf(end, drained)
  const taken = await Promise.all(outputs.values())
  return {
    value,
    outputs: new Map(taken.map((output) => [output.name, output])),
    progress,
    log,
    checkpoints,
  }
}

function valueOf(end: AttemptEnd, drained: boolean): Json | undefined {
  if (end.type === 'result') return end.value
  if (drained && end.code === 'cancelled') return undefined
  const { code, message, field, errors, kind, trace } = end
  const error = new LonghaulError(code, message, {
    facts: {
      ...(field === undefined ? {} : { field }),
      ...(errors === undefined ? {} : { errors }),
      ...(kind === undefined ? {} : { kind }),
    },
  })
  // A test that fails shows the author's own line.
  if (trace !== undefined) error.stack = trace
  throw error
}

/** As a worker does: what was given away is taken now, and the author may write to that path again. */
async function takeOutput(
  workspace: string,
  { name, path: file, media_type: mediaType }: Extract<FromProcessor, { type: 'output' }>,
): Promise<TestOutput> {
  const bytes = await readFile(path.resolve(workspace, file))
  return {
    name,
    mediaType,
    bytes,
    text: () => bytes.toString('utf8'),
    json: () => JSON.parse(bytes.toString('utf8')) as unknown,
  }
}

/** Growing files count as far as they had come. */
async function checkpointOf(
  workspace: string,
  { state, files, growing, writers }: CheckpointMessage,
): Promise<TestCheckpoint> {
  const bytes: Record<string, Buffer> = {}
  for (const name of files) bytes[name] = await readFile(path.join(workspace, name))
  for (const { path: name, size } of growing)
    bytes[name] = (await readFile(path.join(workspace, name))).subarray(0, size)
  return { state, files: bytes, writers }
}
