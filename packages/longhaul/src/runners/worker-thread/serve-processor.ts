/**
 * What thread-main.ts runs: one TypeScript processor. Speaks the processor protocol on its own port; stdout and stderr are the
 * author's. The current directory is the service's: a thread cannot change it.
 */
import path from 'node:path'
import { inspect } from 'node:util'
import { workerData } from 'node:worker_threads'
import type { Log, Processor } from '../../processor/index.ts'
import { AttemptOrders } from '../author-context/attempt-orders.ts'
import { toErrorMessage } from '../author-context/error-message.ts'
import { loadProcessors } from '../author-context/load-processors.ts'
import { resolveLonghaul } from '../author-context/resolve-longhaul.ts'
import { runAttempt } from '../author-context/run-attempt.ts'
import type { RunMessage, ToProcessor } from '../messages.ts'
import type { FromThread, ThreadStart } from './thread-start.ts'

const { file, processor: wanted, port } = workerData as ThreadStart
const folder = path.dirname(file)
let orders: AttemptOrders | undefined

const send = (message: FromThread): void => port.postMessage(message)

/** The supervisor ends the thread when it hears this. */
function broken(stage: 'import' | 'setup', error: unknown): never {
  const message = error instanceof Error ? error.message || error.name : String(error)
  send({ type: 'broken', stage, message, detail: inspect(error).slice(0, 64 * 1024) })
  throw new Error('This thread is of no use.', { cause: error })
}

// Thrown where nobody awaits: this attempt fails, with the reason; the state of this thread is not to be trusted further.
process.on('uncaughtException', (error) => {
  if (orders) send({ ...toErrorMessage(error, orders.signal), fatal: true })
  else process.stderr.write(`${inspect(error)}\n`)
})

const say = (text: string): void => void process.stderr.write(`${text}\n`)
/** No attempt is there whose log could hold it: on stderr, which is shown when setup fails. */
const bootLog: Log = { debug: say, info: say, warn: say, error: say }

async function main(): Promise<void> {
  resolveLonghaul()
  const processors = await loadProcessors(file).catch((error: unknown) => broken('import', error))
  const processor =
    processors.find(({ name }) => name === wanted) ??
    broken('import', new Error(`The file has no processor ${wanted} any more.`))
  const warm = await setUp(processor)
  port.on('message', (message: ToProcessor) => {
    if (message.type === 'run') void runOne(processor, warm, message)
    else if (message.type === 'stop') port.close()
    else orders?.heed(message)
  })
  send({ type: 'ready' })
}

async function setUp(processor: Processor): Promise<unknown> {
  try {
    return await processor.setup?.({ folder, log: bootLog })
  } catch (error) {
    return broken('setup', error)
  }
}

async function runOne(processor: Processor, warm: unknown, message: RunMessage): Promise<void> {
  orders = new AttemptOrders()
  // What the author starts from here inherits the mark, and can be found by it.
  process.env['LONGHAUL_ATTEMPT_ID'] = message.attempt_id
  const end = await runAttempt({ processor, warm, message, channel: { send: sendSaid }, orders })
  delete process.env['LONGHAUL_ATTEMPT_ID']
  orders = undefined
  // What was printed has been read when the last word is said.
  await Promise.all([printed(process.stdout), printed(process.stderr)])
  send(end)
}

/** The channel of an attempt never describes; the types of the protocol do not say so. */
function sendSaid(
  message: Parameters<Parameters<typeof runAttempt>[0]['channel']['send']>[0],
): void {
  if (message.type !== 'describe') send(message)
}

const printed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.write('', () => resolve()))

await main()
