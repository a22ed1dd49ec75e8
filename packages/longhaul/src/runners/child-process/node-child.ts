/**
 * The process in which a TypeScript processor lives: `node node-child.ts <file>`. Speaks the processor protocol on fd 3
 * and 4 (docs/reference/processor-protocol.md); stdout and stderr are the author's.
 */
import { writeSync } from 'node:fs'
import { Socket } from 'node:net'
import path from 'node:path'
import { inspect } from 'node:util'
import { describeProcessor, type Log, type Processor } from '../../processor/index.ts'
import { AttemptOrders } from '../author-context/attempt-orders.ts'
import type { Channel } from '../author-context/channel.ts'
import { toErrorMessage } from '../author-context/error-message.ts'
import { runAttempt } from '../author-context/run-attempt.ts'
import { openAnswers } from './actions/answer-call.ts'
import { LineSplitter } from '../line-splitter.ts'
import type { CallMessage, FromProcessor, RunMessage, ToProcessor } from '../messages.ts'
import { findCallable } from '../author-context/load-callable.ts'
import { loadProcessors } from '../author-context/load-processors.ts'
import { noteLoadedFiles } from '../author-context/loaded-files.ts'
import { resolveLonghaul } from '../author-context/resolve-longhaul.ts'

const callable = process.env['LONGHAUL_CALLABLE']
const given = path.resolve(process.argv[2] ?? '')
/** A callable is looked for in a folder; everything else is a file. */
const folder = callable === undefined ? path.dirname(given) : given
const wanted = process.env['LONGHAUL_PROCESSOR'] ?? ''
// What the supervisor told this process is not for the author's own programs; the marks of the attempt are.
delete process.env['LONGHAUL_PROTOCOL']
delete process.env['LONGHAUL_PROCESSOR']
delete process.env['LONGHAUL_CALLABLE']
const answersCalls = process.env['LONGHAUL_ACTIONS'] === '1'
delete process.env['LONGHAUL_ACTIONS']
delete process.env['NODE_COMPILE_CACHE']

const channel: Channel = { send }
let attempt: AttemptOrders | undefined

/** fd 4 blocks: a flood of log lines waits here for its reader, and the last word is out before the process ends. */
function send(message: FromProcessor): void {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`)
  for (let sent = 0; sent < bytes.length;) {
    try {
      sent += writeSync(4, bytes, sent)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EAGAIN') continue
      process.exit(0) // nobody listens any more
    }
  }
}

function broken(stage: 'import' | 'setup', error: unknown): never {
  const message = error instanceof Error ? error.message || error.name : String(error)
  send({ type: 'broken', stage, message, detail: inspect(error).slice(0, 64 * 1024) })
  process.exit(1)
}

// Thrown where nobody awaits: this attempt fails, with the reason; the state of this process is not to be trusted further.
process.on('uncaughtException', (error) => {
  if (attempt) send({ ...toErrorMessage(error, attempt.signal), fatal: true })
  else process.stderr.write(`${inspect(error)}\n`)
  process.exit(1)
})

/** What was printed is out when the call returns: nothing is lost at process.exit(), and a flood waits for its reader. */
function blockOn(stream: NodeJS.WriteStream): void {
  const { _handle: handle } = stream as { _handle?: { setBlocking?: (on: boolean) => void } }
  handle?.setBlocking?.(true)
}

async function main(): Promise<void> {
  blockOn(process.stdout)
  blockOn(process.stderr)
  resolveLonghaul()
  const loadedFiles = noteLoadedFiles(folder)
  process.chdir(folder)
  const { main, processors } = await load().catch((error: unknown) => broken('import', error))
  const runtime = `node${process.versions.node.split('.')[0]}`
  const described = descriptionsOf(processors, runtime)
  send({ type: 'describe', protocol: 1, processors: described, files: [...main, ...loadedFiles()] })
  const processor = chosen(processors)
  if (processor === undefined) {
    listen(() => undefined)
    return
  }
  const warm = await setUp(processor)
  const answer = answersCalls ? openAnswers(processor, warm, channel) : undefined
  listen((message) => {
    if (message.type === 'run') void runOne(processor, warm, message)
    else void answerOne(answer, message)
  })
  send({ type: 'ready' })
}

/** `main`: the callable's own file, which nobody knows before it is found here. */
async function load(): Promise<{
  readonly main: readonly string[]
  readonly processors: readonly Processor[]
}> {
  if (callable === undefined) return { main: [], processors: await loadProcessors(given) }
  const { file, load: loadCallable } = findCallable(callable, folder)
  return { main: [file], processors: [await loadCallable()] }
}

function descriptionsOf(processors: readonly Processor[], runtime: string) {
  try {
    return processors.map((processor) => ({
      ...describeProcessor(processor),
      name: processor.name,
      runtime,
    }))
  } catch (error) {
    return broken('import', error)
  }
}

/** Undefined: this process only describes. One with a memory limit is started anew with it, an inline or threaded one runs elsewhere. */
function chosen(processors: readonly Processor[]): Processor | undefined {
  if (wanted === '') {
    const [only] = processors
    const { runner = 'process', memoryBytes } = only ?? {}
    const here = runner === 'process' && memoryBytes === undefined && only?.jobs === true
    return processors.length === 1 && here ? only : undefined
  }
  const found = processors.find(({ name }) => name === wanted)
  return found ?? broken('import', new Error(`The file has no processor ${wanted} any more.`))
}

/** No attempt is there whose log could hold it: on stderr, which is shown when setup fails. */
const bootLog: Log = {
  debug: (text) => sayBeforeReady(text),
  info: (text) => sayBeforeReady(text),
  warn: (text) => sayBeforeReady(text),
  error: (text) => sayBeforeReady(text),
}
const sayBeforeReady = (text: string): void => void process.stderr.write(`${text}\n`)

async function setUp(processor: Processor): Promise<unknown> {
  try {
    return await processor.setup?.({ folder, log: bootLog })
  } catch (error) {
    return broken('setup', error)
  }
}

async function runOne(processor: Processor, warm: unknown, message: RunMessage): Promise<void> {
  const orders = (attempt = new AttemptOrders())
  // What the author starts from here inherits the mark, and can be found by it wherever it hides.
  process.env['LONGHAUL_ATTEMPT_ID'] = message.attempt_id
  process.chdir(message.workspace)
  const end = await runAttempt({ processor, warm, message, channel, orders })
  process.chdir(folder)
  delete process.env['LONGHAUL_ATTEMPT_ID']
  attempt = undefined
  send(end)
}

/** The current directory stays that of the served file: a call has files, and no folder of its own. */
async function answerOne(
  answer: ReturnType<typeof openAnswers> | undefined,
  message: CallMessage,
): Promise<void> {
  const orders = (attempt = new AttemptOrders())
  await answer?.(message, orders.signal)
  attempt = undefined
}

function listen(run: (message: RunMessage | CallMessage) => void): void {
  const lines = new LineSplitter()
  const control = new Socket({ fd: 3, readable: true, writable: false })
  control.on('data', (chunk: Buffer) => {
    for (const line of lines.feed(chunk)) heed(JSON.parse(line) as ToProcessor, run)
  })
  // The supervisor is gone, or wants us gone.
  control.on('end', () => process.exit(0))
  control.on('error', () => process.exit(0))
}

function heed(message: ToProcessor, run: (message: RunMessage | CallMessage) => void): void {
  if (message.type === 'run' || message.type === 'call') run(message)
  else if (message.type === 'stop') process.exit(0)
  else attempt?.heed(message)
}

await main()
